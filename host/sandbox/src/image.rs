//! The program's own code in memory: what only a start needed is let go.
//!
//! A large program maps much more of itself than it goes on to use: reading arguments, compiling components, setting up.
//! Those pages are the file's, so that letting go of them costs nothing but a short fault for each that is used again.

/// Lets go of the pages of this program's code and constants. Whatever is used from here on comes back by itself.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "the system's loader is asked where the code lies, and the kernel is told about it")]
pub fn let_go() {
    unsafe extern "C" fn each(info: *mut libc::dl_phdr_info, _size: libc::size_t, _data: *mut libc::c_void) -> libc::c_int {
        // SAFETY: the loader hands in a description that is good for as long as this function runs.
        let info = unsafe { &*info };
        let count = usize::from(info.dlpi_phnum);
        if info.dlpi_phdr.is_null() {
            return 1;
        }
        // SAFETY: the loader says so many headers lie there.
        let headers = unsafe { std::slice::from_raw_parts(info.dlpi_phdr, count) };
        // A page that could have been written to is not as the file has it.
        for header in headers.iter().filter(|header| header.p_type == libc::PT_LOAD && header.p_flags & libc::PF_W == 0) {
            let page = rustix::param::page_size() as u64;
            let from = (info.dlpi_addr + header.p_vaddr) / page * page;
            let to = info.dlpi_addr + header.p_vaddr + header.p_memsz;
            let (Ok(at), Ok(length)) = (usize::try_from(from), usize::try_from(to.saturating_sub(from))) else { continue };
            // SAFETY: the range is code or constants of this program, mapped from its file and never written to: the kernel reads a page
            // again where it is needed, and finds the same bytes.
            unsafe { libc::madvise(std::ptr::with_exposed_provenance_mut(at), length, libc::MADV_DONTNEED) };
        }
        // The first description is the program's own; those of libraries are not ours.
        1
    }
    // SAFETY: `each` has the type that is asked for, and keeps nothing that it is handed.
    unsafe { libc::dl_iterate_phdr(Some(each), std::ptr::null_mut()) };
}

/// Does nothing: elsewhere the system does as it likes.
#[cfg(not(target_os = "linux"))]
pub fn let_go() {}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    /// KiB of this program's code and constants that are in memory.
    fn resident() -> u64 {
        let mut ours = false;
        let program = std::fs::read_link("/proc/self/exe").unwrap();
        let mut sum = 0;
        for line in std::fs::read_to_string("/proc/self/smaps").unwrap().lines() {
            let first = line.split_whitespace().next().unwrap_or_default();
            if !first.ends_with(':') {
                ours = (line.contains(" r-xp ") || line.contains(" r--p ")) && line.ends_with(program.to_str().unwrap());
            } else if ours && first == "Rss:" {
                sum += line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap();
            }
        }
        sum
    }

    #[test]
    fn code_is_let_go_and_comes_back() {
        let numbers: Vec<String> = (0..1000).map(|number: u32| format!("{number:?}")).collect();
        let before = resident();
        super::let_go();
        let after = resident();
        assert!(before > 0 && after < before, "{before} KiB, then {after} KiB");
        assert_eq!(numbers.iter().map(|text| text.parse::<u32>().unwrap()).sum::<u32>(), 499_500);
    }
}
