//! Which of the skills are of use, and why the others are not.

use std::path::Path;
use std::time::Duration;

use wirken_config::{SkillEntry, Skills};
use wirken_skills::commands::{MAX_REFERENCES, references};
use wirken_skills::prompt::{Limits, Seen};
use wirken_skills::{Catalog, Inventory, Library, Nothing, Places, Surroundings, roots};

use crate::folders::Tree;

struct Here;

impl Surroundings for Here {
    fn os(&self) -> &str {
        "linux"
    }

    fn has_program(&self, name: &str) -> bool {
        name == "git"
    }

    fn has_variable(&self, _: &str) -> bool {
        false
    }

    fn holds(&self, path: &str) -> bool {
        path == "webchat.port"
    }
}

fn look(tree: &Tree) -> std::sync::Arc<Inventory> {
    let (workspace, home, data, bundled) = (tree.path("work"), tree.path("home"), tree.path("data"), tree.path("bundled"));
    let extra = [tree.path("extra")];
    let places = Places { workspace: Some(&workspace), home: Some(&home), data: Some(&data), bundled: Some(&bundled), extra: &extra };
    Library::new(roots(places), Vec::new(), Duration::ZERO).look()
}

fn said(catalog: &Catalog) -> Vec<(String, String, String)> {
    let one = |entry: &wirken_skills::Entry| (entry.skill.name.clone(), entry.source.word().to_owned(), entry.state.to_string());
    catalog.entries.iter().map(one).collect()
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[test]
fn the_highest_place_wins_and_the_others_say_so() {
    let tree = Tree::new();
    let places = ["work/skills", "work/.agents/skills", "home/.agents/skills", "data/skills", "bundled", "extra"];
    let sources = ["workspace", "project", "personal", "local", "bundled", "extra"];
    for place in places {
        tree.named(&format!("{place}/same"), "same");
    }
    for place in 0..places.len() {
        let catalog = Catalog::of(&look(&tree), &Skills::default(), None, &Here);
        let said = said(&catalog);
        assert_eq!(said.len(), places.len() - place);
        assert_eq!(said[0], ("same".into(), sources[place].into(), "ready".into()));
        let by = format!("shadowed by {}", tree.path(places[place]).join("same").display());
        assert!(said[1..].iter().all(|one| one.2 == by), "{said:?}");
        assert_eq!(catalog.ready().count(), 1);
        std::fs::remove_dir_all(tree.path(places[place])).unwrap();
    }
}

#[test]
fn a_skill_that_is_not_of_use_still_takes_the_name() {
    let tree = Tree::new();
    tree.skill("work/skills/same", "name: same\ndescription: d\nmetadata: {\"openclaw\": {\"requires\": {\"bins\": [\"nowhere\"]}}}");
    tree.named("data/skills/same", "same");
    let catalog = Catalog::of(&look(&tree), &Skills::default(), None, &Here);
    assert_eq!(catalog.ready().count(), 0, "{:?}", said(&catalog));
}

#[test]
fn says_why_each_one_is_not_of_use() {
    let tree = Tree::new();
    let needs = |folder: &str, block: &str| {
        tree.skill(&format!("data/skills/{folder}"), &format!("description: d\nmetadata: {{\"clawdbot\": {block}}}"));
    };
    needs("a-git", r#"{"requires": {"bins": ["git"], "config": ["webchat.port"]}, "os": ["linux"]}"#);
    needs("b-jq", r#"{"requires": {"bins": ["git", "jq"]}}"#);
    needs("c-key", r#"{"requires": {"env": ["KEY"]}, "primaryEnv": "KEY"}"#);
    needs("d-given", r#"{"requires": {"env": ["KEY", "HOST"]}, "primaryEnv": "KEY", "skillKey": "dd"}"#);
    needs("e-always", r#"{"requires": {"bins": ["jq"]}, "always": true}"#);
    needs("f-mac", r#"{"always": true, "os": ["darwin"]}"#);
    needs("g-off", "{}");
    tree.named("bundled/h-bundled", "h-bundled");
    tree.named("bundled/i-bundled", "i-bundled");
    let mut config = Skills { allow_bundled: words(&["i-bundled"]), ..Skills::default() };
    config.entries.insert("g-off".into(), SkillEntry { enabled: false, ..SkillEntry::default() });
    let given = SkillEntry { api_key: Some("key".into()), env: [("HOST".to_owned(), "h".to_owned())].into(), ..SkillEntry::default() };
    config.entries.insert("dd".into(), given);
    let catalog = Catalog::of(&look(&tree), &config, None, &Here);
    let said: Vec<_> = said(&catalog).into_iter().map(|(name, _, state)| (name, state)).collect();
    let expected = [
        ("a-git", "ready"),
        ("b-jq", "the program `jq` is not there"),
        ("c-key", "`KEY` is not set: name a credential as `api-key` of its entry in the configuration"),
        ("d-given", "ready"),
        ("e-always", "ready"),
        ("f-mac", "it is for darwin alone"),
        ("g-off", "disabled"),
        ("h-bundled", "not among `allow-bundled`"),
        ("i-bundled", "ready"),
    ]
    .map(|(name, state)| (name.to_owned(), state.to_owned()));
    assert_eq!(said, expected);
    let nothing: Vec<_> = Catalog::of(&look(&tree), &config, None, &Nothing).ready().map(|skill| skill.name.clone()).collect();
    assert_eq!(nothing, ["d-given", "e-always", "i-bundled"]);
}

#[test]
fn an_agents_list_is_final() {
    let tree = Tree::new();
    for name in ["a", "b", "c"] {
        tree.named(&format!("data/skills/{name}"), name);
    }
    let ready = |list: Option<&[String]>| -> Vec<String> {
        Catalog::of(&look(&tree), &Skills::default(), list, &Here).ready().map(|skill| skill.name.clone()).collect()
    };
    assert_eq!(ready(None), ["a", "b", "c"]);
    assert_eq!(ready(Some(&words(&["c", "a", "unheard-of"]))), ["a", "c"]);
    assert_eq!(ready(Some(&[])), [""; 0]);
}

#[test]
fn the_block_tells_of_those_that_are_ready_and_names_what_it_leaves_out() {
    let tree = Tree::new();
    tree.named("home/.wirken/skills/zeta", "zeta");
    tree.named("home/.wirken/skills/alpha", "Alpha");
    tree.skill("home/.wirken/skills/secret", "description: d\ndisable-model-invocation: true");
    tree.skill("home/.wirken/skills/lacking", "description: d\nmetadata: {\"openclaw\": {\"requires\": {\"bins\": [\"jq\"]}}}");
    let data = tree.path("home/.wirken");
    let places = Places { data: Some(&data), ..Places::default() };
    let inventory = Library::new(roots(places), Vec::new(), Duration::ZERO).look();
    let catalog = Catalog::of(&inventory, &Skills::default(), None, &Here);
    let block = catalog.block(&Seen { home: Some(tree.path("home")), workspace: None }, Limits::default());
    let expected = "\n\nThe following skills provide specialized instructions for specific tasks.\n\
        Read a skill's file at its listed location when the task matches its description.\n\
        When a skill file references a relative path, resolve it against the skill directory (parent of SKILL.md / dirname of the \
        path) and use that absolute path in tool commands.\n\n<available_skills>\n\
        \x20 <skill>\n    <name>Alpha</name>\n    <description>Does Alpha from home/.wirken/skills/alpha.</description>\n\
        \x20   <location>~/.wirken/skills/alpha/SKILL.md</location>\n  </skill>\n\
        \x20 <skill>\n    <name>zeta</name>\n    <description>Does zeta from home/.wirken/skills/zeta.</description>\n\
        \x20   <location>~/.wirken/skills/zeta/SKILL.md</location>\n  </skill>\n</available_skills>";
    assert_eq!(block.text, expected);
    assert_eq!((block.included, block.left_out.len()), (2, 0));
    let short = catalog.block(&Seen::default(), Limits { skills: 1, ..Limits::default() });
    assert_eq!((short.included, short.left_out), (1, words(&["zeta"])));
    assert!(short.text.starts_with("⚠️ Skills truncated: included 1 of 2. Run `wirken skill check` to audit.\n\n\nThe"), "{}", short.text);
}

#[test]
fn skills_beyond_a_roots_share_are_counted_and_named() {
    let tree = Tree::new();
    for number in 0..203 {
        tree.named(&format!("data/skills/{number:04}"), &format!("s-{number:04}"));
    }
    let catalog = Catalog::of(&look(&tree), &Skills::default(), None, &Here);
    assert_eq!(catalog.ready().count(), 203);
    let block = catalog.block(&Seen::default(), Limits { skills: 150, length: 1_000_000 });
    assert!(block.text.starts_with("⚠️ Skills truncated: included 150 of 203."), "{}", &block.text[..80]);
    assert_eq!(block.left_out.len(), 53);
    assert_eq!(block.left_out.last().map(String::as_str), Some("s-0202"));
}

#[test]
fn commands_have_plain_names_of_their_own() {
    let tree = Tree::new();
    let names = [
        "Git Hub",
        "git-hub",
        "git_hub",
        "help",
        "skill",
        "天気",
        "__A--b__",
        "a-very-long-name-that-goes-on-and-on-for-ever",
        "a-very-long-name-that-goes-on-and-more",
    ];
    for (number, name) in names.iter().enumerate() {
        tree.skill(&format!("data/skills/{number}"), &format!("name: \"{name}\"\ndescription: \"{}\"", "é".repeat(99 + number % 3)));
    }
    tree.skill("data/skills/x", "name: not-for-people\ndescription: d\nuser-invocable: false");
    let catalog = Catalog::of(&look(&tree), &Skills::default(), None, &Here);
    let commands = catalog.commands(&["Help"]);
    let mut given: Vec<_> = commands.iter().map(|command| (command.skill.name.as_str(), command.name.as_str())).collect();
    given.sort_unstable();
    assert_eq!(
        given,
        [
            ("Git Hub", "git_hub"),
            ("__A--b__", "a_b"),
            ("a-very-long-name-that-goes-on-and-more", "a_very_long_name_that_goes_on_an"),
            ("a-very-long-name-that-goes-on-and-on-for-ever", "a_very_long_name_that_goes_on__2"),
            ("git-hub", "git_hub_3"),
            ("git_hub", "git_hub_2"),
            ("help", "help_2"),
            ("skill", "skill_2"),
            ("天気", "skill_3"),
        ]
    );
    for command in commands.iter() {
        let given = command.skill.description.chars().count();
        let expected = if given <= 100 { "é".repeat(given) } else { format!("{}…", "é".repeat(99)) };
        assert_eq!(command.description, expected, "100 characters are the most");
    }
}

#[test]
fn a_message_calls_a_command_by_its_name_or_through_skill() {
    let tree = Tree::new();
    tree.named("data/skills/git-hub", "Git Hub");
    tree.skill("data/skills/d", "name: direct\ndescription: d\ncommand-dispatch: tool\ncommand-tool: run_it");
    let catalog = Catalog::of(&look(&tree), &Skills::default(), None, &Here);
    let commands = catalog.commands(&[]);
    let call = |message: &str| commands.called(message).map(|call| (call.command.skill.name.clone(), call.arguments.to_owned()));
    let git = |arguments: &str| Some(("Git Hub".to_owned(), arguments.to_owned()));
    for (message, meant) in [
        ("/git_hub", git("")),
        ("  /GIT_HUB   list  all \n", git("list  all")),
        ("/git_hub\nmore\nlines", git("more\nlines")),
        ("/skill git-hub x", git("x")),
        ("/skill Git_Hub", git("")),
        ("/SKILL git_hub  y z", git("y z")),
        ("/skill", None),
        ("/skill nothing", None),
        ("/git-hub", None),
        ("/ git_hub", None),
        ("git_hub", None),
        ("", None),
    ] {
        assert_eq!(call(message), meant, "{message:?}");
    }
    let call = commands.called("/git_hub list").unwrap();
    assert_eq!(call.dispatch(), None);
    let data = tree.path("data");
    assert_eq!(
        call.told(&Seen { home: Some(data.clone()), workspace: None }),
        "Use the \"Git Hub\" skill for this request. Read its file first: ~/skills/git-hub/SKILL.md\n\nUser input:\nlist"
    );
    let dispatch = commands.called("/direct  a 'b'  c ").unwrap().dispatch().unwrap();
    assert_eq!(dispatch.tool, "run_it");
    assert_eq!(dispatch.arguments, serde_json::json!({"command": "a 'b'  c", "commandName": "direct", "skillName": "direct"}));
}

#[test]
fn a_message_refers_to_at_most_eight_skills() {
    let tree = Tree::new();
    for number in 0..=MAX_REFERENCES {
        tree.named(&format!("data/skills/{number}"), &format!("skill-{number}"));
    }
    tree.named("data/skills/home", "home");
    let catalog = Catalog::of(&look(&tree), &Skills::default(), None, &Here);
    let commands = catalog.commands(&[]);
    let found = |message: &str| -> Result<Vec<String>, String> {
        let found = references(message, &commands).map_err(|error| error.to_string())?;
        Ok(found.iter().map(|command| command.skill.name.clone()).collect())
    };
    for (message, meant) in [
        ("Use $skill-1 and $skill_2, then $SKILL-1: $skill-3:", vec!["skill-1", "skill-2", "skill-3"]),
        ("$HOME is a variable, $home a skill", vec!["home"]),
        (r"\$skill-1 is text, \\$skill-2 is not", vec!["skill-2"]),
        ("costs $5, $unknown, $ and $", vec![]),
        ("$$skill-1", vec!["skill-1"]),
        ("", vec![]),
    ] {
        assert_eq!(found(message), Ok(words(&meant)), "{message}");
    }
    let many = |count: usize| (0..count).map(|number| format!("$skill-{number} ")).collect::<String>();
    assert_eq!(found(&many(MAX_REFERENCES)).unwrap().len(), MAX_REFERENCES);
    assert_eq!(found(&many(MAX_REFERENCES + 1)), Err("the message refers to 9 skills, and 8 are the most: name fewer".to_owned()));
}

#[test]
fn instructions_name_the_folder() {
    let text = wirken_skills::instructions("Run {baseDir}/a and {baseDir}/b, not {basedir}.", Path::new("/srv/s k"));
    assert_eq!(text, "Run /srv/s k/a and /srv/s k/b, not {basedir}.");
}
