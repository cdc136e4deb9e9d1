//! What holds for the crate as its users see it.

#[cfg(test)]
mod arbitrary;
#[cfg(test)]
mod bombs;
#[cfg(test)]
mod boot;
#[cfg(test)]
mod bounds;
#[cfg(test)]
mod frames;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod link;
#[cfg(test)]
mod messages;
#[cfg(test)]
mod raw;
