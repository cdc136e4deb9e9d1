//! How long it takes to find skills: many below one root, in groups. The first look reads each file; the next ones ask
//! whether it changed.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use wirken_config::Skills;
use wirken_skills::prompt::{Limits, Seen};
use wirken_skills::{Catalog, Library, Nothing, Root, Source};

use crate::{Summary, Times};

const COUNT: usize = 2_500;
const PER_GROUP: usize = 50;
/// What each file holds beside its front matter, in bytes: what the files of collections have in the middle.
const BODY: usize = 6_000;
const ROUNDS: usize = 9;
/// What was changed a moment ago is read again each time.
const AT_REST: Duration = Duration::from_millis(2_200);

pub(crate) fn measure(summary: &mut Summary) -> Result<()> {
    let folder = tempfile::tempdir()?;
    for number in 0..COUNT {
        let path = folder.path().join(format!("group-{:03}/skill-{number:05}", number / PER_GROUP));
        std::fs::create_dir_all(&path)?;
        std::fs::write(path.join("SKILL.md"), skill(number))?;
    }
    std::thread::sleep(AT_REST);
    let mut cold = Times::default();
    for _ in 0..ROUNDS {
        cold.add(look(&mut library(folder.path()))?);
    }
    let mut library = library(folder.path());
    look(&mut library)?;
    let (mut warm, mut judged) = (Times::default(), Times::default());
    for _ in 0..ROUNDS {
        warm.add(look(&mut library)?);
        let (inventory, began) = (library.look(), Instant::now());
        let block = Catalog::of(&inventory, &Skills::default(), None, &Nothing).block(&Seen::default(), Limits::default());
        judged.add(began.elapsed());
        ensure!(!block.text.is_empty(), "no skill is ready");
    }
    summary.put("skills_2500_cold_p50_ms", cold.at(50));
    summary.put("skills_2500_warm_p50_ms", warm.at(50));
    summary.put("skills_2500_judged_and_told_p50_ms", judged.at(50));
    Ok(())
}

fn library(path: &Path) -> Library {
    Library::new(vec![Root { source: Source::Local, path: path.to_owned() }], Vec::new(), Duration::ZERO)
}

fn look(library: &mut Library) -> Result<Duration> {
    let began = Instant::now();
    let found = library.look().found.len();
    let took = began.elapsed();
    ensure!(found == COUNT, "{found} skills were found, of {COUNT}");
    Ok(took)
}

/// One in three says what it needs.
fn skill(number: usize) -> String {
    let metadata = match number % 3 {
        0 => {
            "metadata: {\"clawdbot\": {\"emoji\": \"🦀\", \"requires\": {\"bins\": [\"git\", \"jq\"], \"env\": [\"KEY\"]}, \"primaryEnv\": \"KEY\"}}\n"
        }
        _ => "",
    };
    let description = "Does one of very many things, and says at some length when it is the one to use, and when it is not. ".repeat(2);
    let body = "Text. ".repeat(BODY / 6);
    format!("---\nname: skill-{number:05}\ndescription: {description}\nhomepage: https://example.com\n{metadata}---\n{body}")
}
