//! Where an instance's first memory comes from: what the linker left free of the last page behind the data.
//!
//! An instance answers one question and ends, and most questions need a few kilobytes. Rust's own allocator begins with a
//! page of its own, for which the host changes the table of its pages, twice: once to add it, once to take it away. What
//! is asked for here is there already. When it is used up, the own allocator takes over.
//!
//! Blocks lie one behind the other. The last one grows, shrinks and is given back in place; of the others nothing is
//! taken again.

#![expect(unsafe_code, reason = "an allocator; each block says why it is sound")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::ops::Range;
use std::ptr::with_exposed_provenance_mut;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

#[cfg_attr(target_arch = "wasm32", global_allocator)]
#[cfg_attr(not(target_arch = "wasm32"), expect(dead_code, reason = "elsewhere the system's allocator serves"))]
static ARENA: Arena = Arena { free: Free { next: AtomicUsize::new(0) } };

struct Arena {
    free: Free,
}

/// What is left, from the next free address on. There is one thread: the atomics only make it shareable.
struct Free {
    /// 0 before the first block.
    next: AtomicUsize,
}

/// The addresses between the data and the end of the last page. Nobody else uses them: memory that is added lies behind.
#[cfg(target_arch = "wasm32")]
fn room() -> Range<usize> {
    unsafe extern "C" {
        // The linker's own names.
        static __heap_base: u8;
        static __heap_end: u8;
    }
    (&raw const __heap_base).expose_provenance()..(&raw const __heap_end).expose_provenance()
}

#[cfg(not(target_arch = "wasm32"))]
fn room() -> Range<usize> {
    0..0
}

impl Free {
    /// The address of a new block.
    fn take(&self, room: &Range<usize>, layout: Layout) -> Option<usize> {
        let at = self.next.load(Relaxed).max(room.start).checked_next_multiple_of(layout.align())?;
        let end = at.checked_add(layout.size()).filter(|end| *end <= room.end)?;
        self.next.store(end, Relaxed);
        Some(at)
    }

    /// Whether the block could be given another size where it is: the last one.
    fn resize(&self, room: &Range<usize>, at: usize, old: usize, new: usize) -> bool {
        let is_last = at + old == self.next.load(Relaxed);
        match at.checked_add(new).filter(|end| is_last && *end <= room.end) {
            Some(end) => {
                self.next.store(end, Relaxed);
                true
            }
            None => false,
        }
    }
}

// SAFETY: a block from here lies in the room, which belongs to nobody else, at an address of its alignment, and behind
// every other: `take` returns no address before `next`, and `next` goes back over the last block alone, when that is given
// back or made smaller. Every other block is the system's allocator's, and goes back to it: the addresses tell them apart.
unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match self.free.take(&room(), layout) {
            Some(at) => with_exposed_provenance_mut(at),
            // SAFETY: the caller's promises are handed on.
            None => unsafe { System.alloc(layout) },
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        match self.free.take(&room(), layout) {
            Some(at) => {
                let block: *mut u8 = with_exposed_provenance_mut(at);
                // SAFETY: the block is new and of this size. It may have been another one before.
                unsafe { block.write_bytes(0, layout.size()) };
                block
            }
            // SAFETY: as above.
            None => unsafe { System.alloc_zeroed(layout) },
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let room = room();
        if room.contains(&block.addr()) {
            self.free.resize(&room, block.addr(), layout.size(), 0);
        } else {
            // SAFETY: it is not from here, so it is the system's.
            unsafe { System.dealloc(block, layout) };
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let room = room();
        if !room.contains(&block.addr()) {
            // SAFETY: as above.
            return unsafe { System.realloc(block, layout, size) };
        }
        if self.free.resize(&room, block.addr(), layout.size(), size) || size <= layout.size() {
            return block;
        }
        // SAFETY: the caller promises that the new size, rounded up to the alignment, does not overflow.
        let larger = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        // SAFETY: the caller promises that it is not empty.
        let new = unsafe { self.alloc(larger) };
        if !new.is_null() {
            // SAFETY: the new one is larger, and lies apart from every other.
            unsafe { new.copy_from_nonoverlapping(block, layout.size()) };
            // SAFETY: the caller gives it up.
            unsafe { self.dealloc(block, layout) };
        }
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: Range<usize> = 100..200;

    fn layout(size: usize, align: usize) -> Layout {
        Layout::from_size_align(size, align).unwrap()
    }

    fn free() -> Free {
        Free { next: AtomicUsize::new(0) }
    }

    #[test]
    fn blocks_lie_behind_each_other_and_end_with_the_room() {
        let free = free();
        assert_eq!(free.take(&ROOM, layout(10, 1)), Some(100));
        assert_eq!(free.take(&ROOM, layout(8, 8)), Some(112));
        assert_eq!(free.take(&ROOM, layout(81, 1)), None);
        assert_eq!(free.take(&ROOM, layout(80, 1)), Some(120));
        assert_eq!(free.take(&ROOM, layout(1, 1)), None);
        assert_eq!(free.take(&(0..0), layout(1, 1)), None);
    }

    #[test]
    fn the_last_block_alone_changes_where_it_is() {
        let free = free();
        let (first, last) = (free.take(&ROOM, layout(10, 1)).unwrap(), free.take(&ROOM, layout(20, 1)).unwrap());
        assert!(!free.resize(&ROOM, first, 10, 5) && !free.resize(&ROOM, first, 10, 0));
        assert!(free.resize(&ROOM, last, 20, 90) && !free.resize(&ROOM, last, 90, 91));
        assert!(free.resize(&ROOM, last, 90, 0));
        assert_eq!(free.take(&ROOM, layout(1, 1)), Some(last));
    }

    /// Whatever is asked for, in whatever order, no two blocks that are in use share a byte, and none leaves the room.
    #[test]
    fn blocks_in_use_never_overlap() {
        let free = free();
        let mut used: Vec<(usize, usize)> = Vec::new();
        let mut seed = 7_u32;
        let mut random = move |below: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            usize::try_from((seed >> 16) % below).unwrap()
        };
        for _ in 0..10_000 {
            let size = 1 + random(9);
            match random(3) {
                0 => used.extend(free.take(&ROOM, layout(size, 1 << random(4))).map(|at| (at, size))),
                1 if !used.is_empty() => {
                    let (at, size) = used.swap_remove(random(u32::try_from(used.len()).unwrap()));
                    free.resize(&ROOM, at, size, 0);
                }
                _ => {
                    for (at, old) in used.iter_mut().filter(|(at, old)| free.resize(&ROOM, *at, *old, size)) {
                        (*at, *old) = (*at, size);
                    }
                }
            }
            for (index, (at, size)) in used.iter().enumerate() {
                assert!(*at >= ROOM.start && at + size <= ROOM.end);
                assert!(used.iter().skip(index + 1).all(|(other, length)| at + size <= *other || other + length <= *at));
            }
        }
    }
}
