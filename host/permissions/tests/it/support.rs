//! Surroundings in which no link stands anywhere, as most tests have them.

use wirken_permissions::{Action, Conversation, Resolved, Surroundings, WORKSPACE, judge};
use wirken_types::approval::Judged;
use wirken_types::credential::Origin;

pub(crate) const HOME: Conversation<'static> = Conversation { account: "mail", conversation: "home" };

pub(crate) fn itself(_: &str) -> Resolved {
    Resolved::Itself
}

fn nothing(_: &Origin) -> bool {
    false
}

pub(crate) fn around(resolve: &dyn Fn(&str) -> Resolved) -> Surroundings<'_> {
    Surroundings { workspace: Some(WORKSPACE), tainted: false, home: Some(HOME), private: &[], readable: &[], opened: &nothing, resolve }
}

pub(crate) fn exec<S: AsRef<str>>(program: &str, arguments: &[S]) -> Action {
    let arguments = arguments.iter().map(|text| text.as_ref().to_owned()).collect();
    Action::Exec { program: program.to_owned(), arguments, stdin: None }
}

pub(crate) fn judged(action: &Action) -> Judged {
    judge(action, &around(&itself))
}

/// An argv, split at single spaces.
pub(crate) fn line(text: &str) -> Action {
    let mut words = text.split(' ');
    let program = words.next().unwrap_or_default();
    exec(program, &words.collect::<Vec<_>>())
}
