use std::fs;

use super::*;

const MOST: u64 = 1000;

fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("component.wasm");
    fs::write(&path, text).unwrap();
    (folder, path)
}

fn later() -> SystemTime {
    SystemTime::now() + SETTLED + Duration::from_secs(1)
}

/// What is found now, and whether it was read: what was remembered of it is made wrong before.
fn read(files: &Files, path: &Path, now: SystemTime) -> (Wasm, bool) {
    if let Some((_, digest)) = files.known().get_mut(path) {
        *digest = Digest::ZERO;
    }
    let wasm = files.read_at(path, MOST, now).unwrap();
    let was_read = wasm.digest() != Digest::ZERO;
    if !was_read {
        // As it was, for whoever reads next.
        files.known().clear();
        files.read_at(path, MOST, now).unwrap();
    }
    (wasm, was_read)
}

/// As who wants to hide it would: the size and the time of modification are as before.
fn write_unseen(path: &Path, text: &str) {
    let before = fs::metadata(path).unwrap();
    // Until the clock of the file system has gone on.
    while fs::metadata(path).unwrap().ctime_nsec() == before.ctime_nsec() {
        fs::write(path, text).unwrap();
        File::options().write(true).open(path).unwrap().set_modified(before.modified().unwrap()).unwrap();
    }
    let after = fs::metadata(path).unwrap();
    assert_eq!((after.len(), after.modified().unwrap()), (before.len(), before.modified().unwrap()));
}

#[test]
fn a_file_that_is_the_same_is_not_read_again() {
    let (_folder, path) = file("code");
    let files = Files::default();
    let (first, was_read) = read(&files, &path, later());
    assert!(was_read);
    assert_eq!((first.digest(), first.size(), &*first.bytes().unwrap()), (Digest::of(b"code"), 4, &b"code"[..]));
    assert!(!read(&files, &path, later()).1);
    let second = files.read_at(&path, MOST, later()).unwrap();
    assert_eq!((second.digest(), second.size(), &*second.bytes().unwrap()), (Digest::of(b"code"), 4, &b"code"[..]));
    assert!(read(&Files::default(), &path, later()).1, "what was read is known to whoever read it");
}

#[test]
fn a_file_that_was_changed_is_read_again_whatever_it_says_of_itself() {
    let (folder, path) = file("code");
    let files = Files::default();
    files.read_at(&path, MOST, later()).unwrap();
    write_unseen(&path, "CODE");
    let (changed, was_read) = read(&files, &path, later());
    assert_eq!((was_read, changed.digest()), (true, Digest::of(b"CODE")));
    assert!(!read(&files, &path, later()).1);
    // Another file in its place.
    let other = folder.path().join("other");
    fs::write(&other, "more").unwrap();
    fs::rename(&other, &path).unwrap();
    let (replaced, was_read) = read(&files, &path, later());
    assert_eq!((was_read, replaced.digest()), (true, Digest::of(b"more")));
    fs::remove_file(&path).unwrap();
    assert_eq!(files.read_at(&path, MOST, later()).unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn a_file_that_was_just_written_is_read_again() {
    let (_folder, path) = file("code");
    let files = Files::default();
    for _ in 0..2 {
        assert!(read(&files, &path, SystemTime::now()).1, "it may be written again within one tick of its clock");
    }
    let stamp = Stamp::of(&fs::metadata(&path).unwrap());
    let changed = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(stamp.changed.0).unwrap());
    assert!(stamp.is_settled(changed + SETTLED));
    assert!(!stamp.is_settled(changed + SETTLED - Duration::from_nanos(1)));
    assert!(!stamp.is_settled(SystemTime::UNIX_EPOCH - Duration::from_secs(1)));
}

#[test]
fn a_file_of_many_pieces_has_the_digest_of_all_its_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("component.wasm");
    for size in [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES + 7] {
        let bytes: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
        fs::write(&path, &bytes).unwrap();
        let wasm = Files::default().read(&path, u64::MAX).unwrap();
        assert_eq!((wasm.digest(), wasm.size()), (Digest::of(&bytes), size as u64));
        assert!(*wasm.bytes().unwrap() == bytes[..], "{size} bytes");
    }
}

#[test]
fn bytes_are_those_of_the_digest_or_none() {
    let (_folder, path) = file("code");
    let files = Files::default();
    files.read_at(&path, MOST, later()).unwrap();
    let known = files.read_at(&path, MOST, later()).unwrap();
    fs::write(&path, "CODE").unwrap();
    assert_eq!(known.bytes().unwrap_err().kind(), ErrorKind::InvalidData);
    fs::write(&path, "co").unwrap();
    assert_eq!(known.bytes().unwrap_err().kind(), ErrorKind::UnexpectedEof);
    assert_eq!(known.digest(), Digest::of(b"code"));
    for wasm in [Wasm::of(b"code".to_vec()), Wasm::embedded(b"code")] {
        assert_eq!((wasm.digest(), wasm.size(), &*wasm.bytes().unwrap()), (known.digest(), 4, &b"code"[..]));
    }
}

#[test]
fn no_more_is_read_than_may_be() {
    let (_folder, path) = file("code");
    let files = Files::default();
    let sizes = [4, 3, 0].map(|most| files.read_at(&path, most, later()).unwrap().size());
    assert_eq!(sizes, [4, 4, 4], "one more than may be says that there is more");
    let anew = Files::default();
    let sizes = [2, 3, 4].map(|most| anew.read_at(&path, most, later()).unwrap().size());
    assert_eq!(sizes, [3, 4, 4]);
}
