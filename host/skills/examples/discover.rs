//! Measures how long it takes to find skills: `discover [COUNT]` makes so many below one root, in groups, and looks at
//! them. The first look reads each file; the next ones ask whether it changed.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement for people")]

use std::time::{Duration, Instant};

use wirken_config::Skills;
use wirken_skills::prompt::{Limits, Seen};
use wirken_skills::{Catalog, Library, Nothing, Root, Source};

/// What each file holds beside its front matter, in bytes: what the files of collections have in the middle.
const BODY: usize = 6_000;
const PER_GROUP: usize = 50;
const ROUNDS: usize = 9;

fn main() {
    let count: usize = std::env::args().nth(1).map_or(2_500, |count| count.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    for number in 0..count {
        let path = folder.path().join(format!("group-{:03}/skill-{number:05}", number / PER_GROUP));
        std::fs::create_dir_all(&path).unwrap();
        std::fs::write(path.join("SKILL.md"), skill(number)).unwrap();
    }
    // What was changed a moment ago is read again each time.
    std::thread::sleep(Duration::from_millis(2_200));
    let mut cold: Vec<Took> = (0..ROUNDS).map(|_| time(|| look(&mut library(folder.path()), count))).collect();
    let mut library = library(folder.path());
    look(&mut library, count);
    let mut warm: Vec<Took> = (0..ROUNDS).map(|_| time(|| look(&mut library, count))).collect();
    let inventory = library.look();
    let judge = || Catalog::of(&inventory, &Skills::default(), None, &Nothing);
    let mut judged: Vec<Took> = (0..ROUNDS).map(|_| time(|| drop(judge()))).collect();
    let catalog = judge();
    let mut block: Vec<Took> = (0..ROUNDS).map(|_| time(|| drop(catalog.block(&Seen::default(), Limits::default())))).collect();
    println!("{count} skills: median by the clock, slowest; median on the processor");
    for (what, times) in [("cold", &mut cold), ("warm", &mut warm), ("judge", &mut judged), ("block", &mut block)] {
        times.sort_by_key(|took| took.processor);
        let processor = times.get(times.len() / 2).unwrap().processor;
        times.sort_by_key(|took| took.wall);
        println!("{what:>6}: {:.1?}, {:.1?}; {processor:.1?}", times.get(times.len() / 2).unwrap().wall, times.last().unwrap().wall);
    }
}

fn library(path: &std::path::Path) -> Library {
    Library::new(vec![Root { source: Source::Local, path: path.to_owned() }], Vec::new(), Duration::ZERO)
}

fn look(library: &mut Library, count: usize) {
    assert_eq!(library.look().found.len(), count);
}

fn time(work: impl FnOnce()) -> Took {
    let (start, before) = (Instant::now(), on_processor());
    work();
    Took { wall: start.elapsed(), processor: on_processor().saturating_sub(before) }
}

/// By the clock, and on the processor: on a busy machine they are far apart.
#[derive(Clone, Copy)]
struct Took {
    wall: Duration,
    processor: Duration,
}

/// How long this thread has run. Linux tells; elsewhere it is 0.
fn on_processor() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(text.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0))
}

fn skill(number: usize) -> String {
    let metadata = match number % 3 {
        0 => {
            "metadata: {\"clawdbot\": {\"emoji\": \"🦀\", \"requires\": {\"bins\": [\"git\", \"jq\"], \"env\": [\"KEY\"]}, \"primaryEnv\": \"KEY\"}}\n"
        }
        _ => "",
    };
    let description = "Does one of very many things, and says at some length when it is the one to use, and when it is not. ".repeat(2);
    format!(
        "---\nname: skill-{number:05}\ndescription: {description}\nhomepage: https://example.com\n{metadata}---\n{}",
        "Text. ".repeat(BODY / 6)
    )
}
