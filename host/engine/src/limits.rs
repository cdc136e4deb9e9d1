//! What one guest may use: asked for by its manifest, capped by the host.

use std::time::Duration;

/// Limits of one instance and of each call into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Fuel of one call, about one unit an instruction.
    pub fuel: u64,
    /// Wall-clock time of one call.
    pub deadline: Duration,
    /// Linear memory of the instance, all its memories together.
    pub memory_bytes: usize,
    /// Elements of each of its tables.
    pub table_elements: usize,
    /// What may be handed to the host at once: by a call's result, or by the arguments of one host function.
    pub output_bytes: usize,
}

impl Limits {
    /// What the host grants at most.
    pub const MAXIMUM: Self = Self {
        fuel: 100_000_000_000,
        deadline: Duration::from_secs(300),
        memory_bytes: 512 * 1024 * 1024,
        table_elements: 100_000,
        output_bytes: 64 * 1024 * 1024,
    };

    /// What a component gets whose manifest asks for nothing.
    pub const DEFAULT: Self = Self {
        fuel: 1_000_000_000,
        deadline: Duration::from_secs(5),
        memory_bytes: 64 * 1024 * 1024,
        table_elements: 10_000,
        output_bytes: 8 * 1024 * 1024,
    };

    /// What a manifest asks for, over the defaults.
    pub fn asked(asked: &wirken_manifest::Limits) -> Self {
        let default = Self::DEFAULT;
        let saturating = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
        Self {
            fuel: asked.fuel.unwrap_or(default.fuel),
            deadline: asked.deadline_millis.map_or(default.deadline, Duration::from_millis),
            memory_bytes: asked.memory_bytes.map_or(default.memory_bytes, saturating),
            table_elements: asked.table_elements.map_or(default.table_elements, saturating),
            output_bytes: asked.output_bytes.map_or(default.output_bytes, saturating),
        }
    }

    /// The smaller of the two, one by one.
    #[must_use]
    pub fn capped(&self, maximum: &Self) -> Self {
        Self {
            fuel: self.fuel.min(maximum.fuel),
            deadline: self.deadline.min(maximum.deadline),
            memory_bytes: self.memory_bytes.min(maximum.memory_bytes),
            table_elements: self.table_elements.min(maximum.table_elements),
            output_bytes: self.output_bytes.min(maximum.output_bytes),
        }
    }
}
