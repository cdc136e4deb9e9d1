use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::*;

/// A component with one function `run` around a core function body.
fn component(body: &str) -> Wasm {
    let text = format!(
        r#"(component
            (core module $m
                (memory (export "memory") 1)
                (table 1 funcref)
                (func $recurse call $recurse)
                (func (export "run") (result i32) {body}))
            (core instance $i (instantiate $m))
            (func (export "run") (result s32) (canon lift (core func $i "run"))))"#
    );
    Wasm::of(wat::parse_str(text).unwrap())
}

fn engine(cache: Option<&Path>) -> Engine {
    Engine::new(&Options { cache: cache.map(Path::to_owned), ..Options::default() }).unwrap()
}

fn limits() -> Limits {
    Limits {
        fuel: 1_000_000,
        deadline: std::time::Duration::from_secs(5),
        memory_bytes: 4 << 20,
        table_elements: 100,
        output_bytes: 1 << 16,
    }
}

async fn run(engine: &Engine, body: &str, limits: &Limits) -> Result<i32, CallError> {
    let (code, _) = engine.load(&component(body)).unwrap();
    let linker = wasmtime::component::Linker::<State<()>>::new(engine.wasmtime());
    let mut cell = engine.cell((), limits);
    let running = cell.begin().await?;
    let instantiated = running.watch(linker.instantiate_async(cell.store(), code.component())).await;
    let instance = cell.end(instantiated)?;
    drop(running);
    let function = instance.get_typed_func::<(), (i32,)>(cell.store(), "run").unwrap();
    let running = cell.begin().await?;
    let result = running.watch(function.call_async(cell.store(), ())).await;
    cell.end(result).map(|(value,)| value)
}

#[tokio::test]
async fn each_way_to_end_early_has_its_own_error() {
    let engine = engine(None);
    assert_eq!(run(&engine, "i32.const 7", &limits()).await, Ok(7));
    let endless = "(loop (br 0)) unreachable";
    assert_eq!(run(&engine, endless, &limits()).await, Err(CallError::Fuel { limit: 1_000_000 }));
    let slow = Limits { fuel: u64::MAX / 2, deadline: std::time::Duration::from_millis(60), ..limits() };
    assert_eq!(run(&engine, endless, &slow).await, Err(CallError::Deadline { millis: 60 }));
    let roomy = Limits { fuel: 100_000_000, ..limits() };
    assert_eq!(run(&engine, "call $recurse i32.const 0", &roomy).await, Err(CallError::Trap { code: "stack-overflow", panic: None }));
    assert_eq!(run(&engine, "unreachable", &limits()).await, Err(CallError::Trap { code: "unreachable", panic: None }));
    assert_eq!(
        run(&engine, "i32.const 1 i32.const 0 i32.div_s", &limits()).await,
        Err(CallError::Trap { code: "division-by-zero", panic: None })
    );
}

#[tokio::test]
async fn memory_and_tables_are_bounded_on_both_sides() {
    let engine = engine(None);
    // One page is there; 63 more are 4 MiB, and a 64th is past it.
    assert_eq!(run(&engine, "i32.const 63 memory.grow", &limits()).await, Ok(1));
    let refused = run(&engine, "i32.const 64 memory.grow drop unreachable", &limits()).await;
    assert_eq!(refused, Err(CallError::Memory { limit: 4 << 20 }));
    assert_eq!(run(&engine, "ref.null func i32.const 99 table.grow", &limits()).await, Ok(1));
    let refused = run(&engine, "ref.null func i32.const 100 table.grow drop unreachable", &limits()).await;
    assert_eq!(refused, Err(CallError::Table { limit: 100 }));
    // A guest that copes with the refusal goes on.
    assert_eq!(run(&engine, "i32.const 64 memory.grow", &limits()).await, Ok(-1));
}

#[tokio::test]
async fn no_manifest_gets_more_than_the_maximum() {
    let maximum = Limits { fuel: 10_000, ..Limits::MAXIMUM };
    let engine = Engine::new(&Options { maximum, ..Options::default() }).unwrap();
    assert_eq!(run(&engine, "(loop (br 0)) unreachable", &limits()).await, Err(CallError::Fuel { limit: 10_000 }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_guest_that_computes_lets_others_run_on_the_same_thread() {
    let busy = Limits { fuel: u64::MAX / 2, deadline: std::time::Duration::from_secs(3), ..limits() };
    // Compiled beforehand: the cache of the machine is cold, and compiling computes too.
    let folder = tempfile::tempdir().unwrap();
    let engine = self::engine(Some(folder.path()));
    for body in ["i32.const 1", "(loop (br 0)) unreachable"] {
        engine.load(&component(body)).unwrap();
    }
    let theirs = engine.clone();
    let computing = tokio::spawn(async move { run(&theirs, "(loop (br 0)) unreachable", &busy).await });
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    assert_eq!(
        tokio::spawn({
            let engine = engine.clone();
            async move { run(&engine, "i32.const 1", &limits()).await }
        })
        .await
        .unwrap(),
        Ok(1)
    );
    assert!(!computing.is_finished(), "the other call did not wait for the deadline of this one");
    assert_eq!(computing.await.unwrap(), Err(CallError::Deadline { millis: 3000 }));
}

fn only_file(folder: &Path) -> std::path::PathBuf {
    let mut files: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files.remove(0)
}

#[test]
fn the_cache_takes_back_only_what_this_installation_wrote_for_these_bytes() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("cache");
    let wasm = component("i32.const 7");
    let load = || engine(Some(&folder)).load(&wasm).unwrap().1;
    assert_eq!(load().event, CacheEvent::Compiled);
    assert_eq!(load().event, CacheEvent::Hit);
    let path = only_file(&folder);
    let good = fs::read(&path).unwrap();
    // A bit anywhere: in the tag, in the headers, in the code.
    for at in [0, 31, 32, good.len() / 2, good.len() - 1] {
        let mut bad = good.clone();
        bad[at] ^= 1;
        fs::write(&path, &bad).unwrap();
        let outcome = load();
        assert_eq!(outcome.event, CacheEvent::Rejected, "byte {at}");
        assert_eq!(load().event, CacheEvent::Hit, "it is made again");
    }
    for bad in [&b""[..], &good[..31], &good[..32], &good[..good.len() - 1]] {
        fs::write(&path, bad).unwrap();
        assert_eq!(load().event, CacheEvent::Rejected, "{} bytes", bad.len());
    }
    // Another installation's file, whole and genuine there.
    let other = temporary.path().join("other");
    engine(Some(&other)).load(&wasm).unwrap();
    fs::copy(only_file(&other), &path).unwrap();
    assert_eq!(load().event, CacheEvent::Rejected);
    // This installation's file of another component.
    let second = component("i32.const 8");
    engine(Some(&folder)).load(&second).unwrap();
    let files: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|file| file.extension().is_some() && *file != path)
        .collect();
    fs::copy(&files[0], &path).unwrap();
    assert_eq!(load().event, CacheEvent::Rejected);
}

/// What interpreters come as: an instance for each library, and memories of their adapters' own. A table of each instance's own
/// is one of the component's.
#[tokio::test]
async fn a_component_has_so_many_instances_memories_and_tables_and_no_more() {
    let engine = engine(None);
    let with = |module: &str, count: u32| {
        let count = usize::try_from(count).unwrap();
        let instances = "(core instance (instantiate $m))".repeat(count);
        Wasm::of(wat::parse_str(format!("(component (core module $m {module}) {instances})")).unwrap())
    };
    for (module, most, word) in [
        ("", CORE_INSTANCES_PER_COMPONENT, "core module instances"),
        ("(memory 1)", MEMORIES_PER_COMPONENT, "memories"),
        ("(table 1 funcref)", TABLES_PER_COMPONENT, "tables"),
    ] {
        let (code, _) = engine.load(&with(module, most)).unwrap();
        let linker = wasmtime::component::Linker::<State<()>>::new(engine.wasmtime());
        let mut cell = engine.cell((), &limits());
        let running = cell.begin().await.unwrap();
        let instantiated = running.watch(linker.instantiate_async(cell.store(), code.component())).await;
        assert!(cell.end(instantiated).is_ok(), "{most} {word}");
        let refused = engine.load(&with(module, most + 1)).unwrap_err();
        assert!(matches!(&refused, EngineError::Compile(error) if format!("{error:#}").contains(word)), "{refused}");
    }
    assert_eq!((CORE_INSTANCES_PER_COMPONENT, MEMORIES_PER_COMPONENT, TABLES_PER_COMPONENT), (64, 4, 8), "as docs/components.md has them");
}

fn keeping(cache: &Path, kept_code_bytes: usize) -> Engine {
    Engine::new(&Options { cache: Some(cache.to_owned()), kept_code_bytes, ..Options::default() }).unwrap()
}

/// The file is authenticated once, for as long as its code is in use: what becomes of it meanwhile changes nothing.
#[test]
fn what_is_in_use_is_not_loaded_again() {
    let temporary = tempfile::tempdir().unwrap();
    let engine = keeping(temporary.path(), 0);
    let wasm = component("i32.const 7");
    let (first, outcome) = engine.load(&wasm).unwrap();
    assert_eq!(outcome.event, CacheEvent::Compiled);
    fs::write(only_file(temporary.path()), "rubbish").unwrap();
    let (second, outcome) = engine.load(&wasm).unwrap();
    assert_eq!((outcome.event, second.digest()), (CacheEvent::Hit, first.digest()));
    assert_eq!(engine.load(&component("i32.const 8")).unwrap().1.event, CacheEvent::Compiled);
    drop(first);
    assert_eq!(engine.load(&wasm).unwrap().1.event, CacheEvent::Hit);
    drop(second);
    assert_eq!(engine.load(&wasm).unwrap().1.event, CacheEvent::Rejected, "nobody uses it, so it is read again");
}

/// Of what nobody uses any more, the last is kept as far as there is room: it was authenticated, and nobody can change it.
#[test]
fn what_was_in_use_last_is_kept_as_far_as_there_is_room() {
    let temporary = tempfile::tempdir().unwrap();
    let wasm = ["i32.const 1", "i32.const 2", "i32.const 3"].map(component);
    let size = engine(None).load(&wasm[0]).unwrap().0.compiled.size();
    for (room, kept) in
        [(2 * size, [false, true, true]), (2 * size - 1, [false, false, true]), (size - 1, [false; 3]), (3 * size, [true; 3])]
    {
        // Each by its own, since to load one is to use it.
        for (wasm_then, kept) in wasm.iter().zip(kept) {
            let folder = tempfile::tempdir_in(temporary.path()).unwrap();
            let engine = keeping(folder.path(), room);
            for wasm in &wasm {
                let (code, _) = engine.load(wasm).unwrap();
                assert_eq!(code.compiled.size(), size);
            }
            for file in fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some()) {
                fs::write(file, "rubbish").unwrap();
            }
            let event = engine.load(wasm_then).unwrap().1.event;
            assert_eq!(event == CacheEvent::Hit, kept, "{room}: {event:?}");
        }
    }
}

/// Neither is the component's file: its code goes by the digest, and its bytes are for whoever compiles them.
#[test]
fn a_component_whose_code_is_there_is_not_read() {
    let temporary = tempfile::tempdir().unwrap();
    let (file, cache) = (temporary.path().join("component.wasm"), temporary.path().join("cache"));
    fs::write(&file, component("i32.const 7").bytes().unwrap()).unwrap();
    let (files, later) = (Files::default(), std::time::SystemTime::now() + std::time::Duration::from_secs(60));
    let read = || files.read_at(&file, u64::MAX, later).unwrap();
    let engine = self::engine(Some(&cache));
    assert_eq!(engine.load(&read()).unwrap().1.event, CacheEvent::Compiled);
    let known = read();
    fs::write(&file, "rubbish").unwrap();
    assert!(known.bytes().is_err());
    assert_eq!(engine.load(&known).unwrap().1.event, CacheEvent::Hit);
    assert_eq!(self::engine(Some(&cache)).load(&known).unwrap().1.event, CacheEvent::Hit);
    fs::remove_file(only_file(&cache)).unwrap();
    let error = self::engine(Some(&cache)).load(&known).unwrap_err();
    assert!(matches!(error, EngineError::Bytes(_)), "{error}");
}

#[test]
fn what_was_found_in_its_bytes_is_there_with_its_code() {
    let engine = engine(None);
    let wasm = component("i32.const 7");
    assert!(engine.loaded(&wasm).is_none());
    let (code, _) = engine.load(&wasm).unwrap();
    assert_eq!(code.kept::<u8>(), None);
    code.keep(&Arc::new(7_u8));
    code.keep(&Arc::new(8_u8));
    let again = engine.loaded(&component("i32.const 7")).unwrap();
    assert_eq!((again.kept::<u8>().as_deref(), again.kept::<u16>()), (Some(&7), None));
    assert_eq!(engine.load(&component("i32.const 8")).unwrap().0.kept::<u8>(), None);
}

/// Code of many megabytes is hashed in pieces, at the same time.
#[test]
fn every_byte_of_large_code_is_authenticated_where_it_stands() {
    use hmac::Mac as _;

    let temporary = tempfile::tempdir().unwrap();
    let engine = engine(Some(temporary.path()));
    let cache = engine.inner.cache.as_ref().unwrap();
    let tag = |code: &[u8]| cache.mac(Digest::of(b"c"), code).finalize().into_bytes();
    let piece = crate::cache::PIECE_BYTES;
    let mut code: Vec<u8> = (0..5 * piece + 3).map(|at| (at % 251) as u8).collect();
    let right = tag(&code);
    assert_eq!(tag(&code), right);
    for at in [0, piece - 1, piece, 3 * piece + 1, 5 * piece - 1, 5 * piece, 5 * piece + 2] {
        code[at] ^= 1;
        assert_ne!(tag(&code), right, "byte {at}");
        code[at] ^= 1;
    }
    assert_ne!(tag(&code[..5 * piece + 2]), right, "a byte less");
    assert_ne!(tag(&code[..5 * piece]), tag(&code[..4 * piece]));
    // Whole pieces in each other's place.
    let (first, second) = code.split_at_mut(piece);
    first.swap_with_slice(&mut second[..piece]);
    assert_ne!(tag(&code), right);
    assert_ne!(cache.mac(Digest::of(b"d"), b"x").finalize().into_bytes(), tag(b"x"), "it is of this component");
}

#[test]
fn the_key_of_the_cache_is_private_or_refused() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("cache");
    engine(Some(&folder));
    let key = folder.join("key");
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
    let refused = Engine::new(&Options { cache: Some(folder), ..Options::default() }).unwrap_err();
    let why = std::error::Error::source(&refused).unwrap().to_string();
    assert!(why.contains("delete it"), "{refused}: {why}");
}

#[test]
fn what_does_not_compile_says_why() {
    let error = engine(None).load(&Wasm::embedded(b"\0asm\x0d\0\x01\0garbage")).unwrap_err();
    assert!(matches!(error, EngineError::Compile(_)), "{error}");
}
