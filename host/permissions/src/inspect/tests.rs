use super::*;

fn parse(line: &str) -> Result<(Vec<String>, Vec<String>), String> {
    let mut words = line.split(' ').map(str::to_owned);
    let program = words.next().unwrap();
    let arguments: Vec<String> = words.collect();
    let parsed = find(&program).unwrap().parse(&arguments)?;
    let own = |words: Vec<&str>| words.into_iter().map(str::to_owned).collect();
    Ok((own(parsed.options), own(parsed.files)))
}

fn options_and_files(options: &[&str], files: &[&str]) -> Result<(Vec<String>, Vec<String>), String> {
    let own = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
    Ok((own(options), own(files)))
}

#[test]
fn tells_options_and_their_values_from_files() {
    for (line, options, files) in [
        ("ls -la src", &["-la"][..], &["src"][..]),
        ("ls src -l", &["-l"], &["src"]),
        ("ls --color=auto --sort size a", &["--color=auto", "--sort", "size"], &["a"]),
        ("ls --color a", &["--color"], &["a"]),
        ("ls -- -o", &["--"], &["-o"]),
        ("ls -w80 -w 80", &["-w80", "-w", "80"], &[]),
        ("head -n5 a b", &["-n5"], &["a", "b"]),
        ("head -n -5 a", &["-n", "-5"], &["a"]),
        ("head -20 a", &["-20"], &["a"]),
        ("head -qn 5 a", &["-qn", "5"], &["a"]),
        ("cat - a", &[], &["a"]),
        ("grep x a b", &[], &["a", "b"]),
        ("grep -e x a b", &["-e", "x"], &["a", "b"]),
        ("grep a -ex b", &["-ex"], &["a", "b"]),
        ("grep --regexp=x a", &["--regexp=x"], &["a"]),
        ("grep -f p a", &["-f", "p"], &["p", "a"]),
        ("grep -ifp a", &["-ifp"], &["p", "a"]),
        ("grep --file=p a", &["--file=p"], &["p", "a"]),
        ("grep -f - a", &["-f", "-"], &["a"]),
        ("date -I +%s", &["-I"], &[]),
        ("date -Iseconds -r a", &["-Iseconds", "-r", "a"], &["a"]),
        ("echo -n -e -x /etc/shadow", &["-n", "-e"], &[]),
        ("echo -- -n", &[], &[]),
        ("tree -aL 2 src", &["-aL", "2"], &["src"]),
        ("printf -- %s a", &["--"], &[]),
    ] {
        assert_eq!(parse(line), options_and_files(options, files), "{line}");
    }
}

#[test]
fn names_the_word_that_is_not_known() {
    for (line, word) in [
        ("tree -o out", "-o"),
        ("tree -ao out", "-ao"),
        ("tree -R -L 1", "-R"),
        ("tree -L2", "-L2"),
        ("tree --output=x", "--output=x"),
        ("date -s now", "-s"),
        ("date -us now", "-us"),
        ("date 010100002030", "010100002030"),
        ("date +%s 010100002030", "010100002030"),
        ("date --se=now", "--se=now"),
        ("file -C -m x", "-C"),
        ("tail -f a", "-f"),
        ("tail -5f a", "-5f"),
        ("wc --files0-from=a", "--files0-from=a"),
        ("wc --files0=a", "--files0=a"),
        ("ls --recurs", "--recurs"),
        ("ls --all=x", "--all=x"),
        ("ls -é", "-é"),
        ("grep -r x .", "-r"),
        ("grep -ir x .", "-ir"),
        ("grep x a -e /etc/shadow", "-e"),
        ("grep x a --file p", "--file"),
        ("head a -n 5", "-n"),
        ("head -n", "-n"),
        ("diff --to-file=a b", "--to-file=a"),
        ("diff -l a b", "-l"),
        ("whoami x", "x"),
        ("pwd -L x", "x"),
        ("printf -v x", "-v"),
    ] {
        assert_eq!(parse(line), Err(word.to_owned()), "{line}");
    }
}
