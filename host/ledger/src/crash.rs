//! The port through which a test stops the process at a commit. The shipped binary passes [`NoCrashPoints`], whose
//! calls compile to nothing.

/// A moment at which losing the process must lose nothing that was promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrashPoint {
    /// Everything of the transaction is written, nothing of it is durable.
    BeforeCommit,
    /// The transaction is durable and nobody was told yet.
    AfterCommit,
}

/// Called by the writer's thread.
pub trait CrashPoints: Send + 'static {
    fn reached(&self, point: CrashPoint);
}

/// The default: nothing happens.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCrashPoints;

impl CrashPoints for NoCrashPoints {
    #[inline]
    fn reached(&self, _: CrashPoint) {}
}
