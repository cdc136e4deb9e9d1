//! Programs in containers, against a real Docker and a real gVisor: `.ci/docker` starts them.

mod ends;
mod gvisor;
mod holds;
mod refuses;
mod stage;
mod streams;
