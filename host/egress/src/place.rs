//! The three-way rule: a credential meets a request only where the request, the manifest and the vault's record agree.
//!
//! Any one of them alone sends a secret nowhere. A manifest can name any origin it likes: the record holds the origins
//! that a human wrote. A record can be generous: the manifest still says where its component needs it. And a request
//! that names no binding goes without.

use wirken_types::credential::{Origin, OriginPattern, Place};

use crate::authority::{Binding, Held};
use crate::error::{Error, quoted};

/// Decides about one credential that a request to `origin` names. `None`: the request goes without it.
pub fn decide<'a>(component: &str, name: &str, bindings: &'a [Binding], origin: &Origin) -> Result<Option<(&'a Binding, &'a Held)>, Error> {
    let binding = declared(component, name, bindings)?;
    if !covers(&binding.manifest_origins, origin) {
        return Err(Error::Denied(format!(
            "the credential {:?} of {component} is not for {origin}: its manifest binds it to {}",
            binding.name,
            list(&binding.manifest_origins)
        )));
    }
    let Some(record) = &binding.record else {
        if binding.optional {
            return Ok(None);
        }
        return Err(Error::Denied(format!(
            "the credential {:?} is missing: store it with `wirken credentials add {component} {}`",
            binding.name, binding.stored_as
        )));
    };
    if !covers(&record.origins, origin) {
        return Err(Error::Denied(format!(
            "the credential {:?} of {component} was stored for {}, not for {origin}: to use it there, store it again with \
             `wirken credentials add {component} {} --origin {origin}`",
            binding.name,
            list(&record.origins),
            binding.stored_as
        )));
    }
    if !record.places.contains(&binding.place) && binding.stored_as != binding.name {
        return Err(Error::Denied(format!(
            "the credential {:?} of {component} was not stored for use as {}: to use it there too, store it again with \
             `wirken credentials add {component} {}`, which names every place that the manifest asks for",
            binding.stored_as, binding.place, binding.stored_as
        )));
    }
    if !record.places.contains(&binding.place) {
        return Err(Error::Denied(format!(
            "the credential {:?} of {component} was not stored for use as {}: to use it there, store it again with \
             `wirken credentials add {component} {} --place {}`",
            binding.name, binding.place, binding.name, binding.place
        )));
    }
    Ok(Some((binding, record)))
}

/// The binding that a request names. Names are the component's: one that its manifest lacks is refused wherever it goes.
pub(crate) fn declared<'a>(component: &str, name: &str, bindings: &'a [Binding]) -> Result<&'a Binding, Error> {
    bindings.iter().find(|binding| binding.name == name).ok_or_else(|| {
        Error::Denied(format!("the request names the credential \"{}\", which the manifest of {component} does not declare", quoted(name)))
    })
}

/// A path begins once: of the credentials that a request names, at most one goes there, whether or not it is stored.
pub(crate) fn one_path(component: &str, names: &[String], bindings: &[Binding]) -> Result<(), Error> {
    let mut first: Option<&Binding> = None;
    for name in names {
        let binding = declared(component, name, bindings)?;
        if matches!(binding.place, Place::PathPrefix { .. })
            && let Some(first) = first.replace(binding)
        {
            return Err(Error::Denied(format!(
                "the request names the credentials {:?} and {:?}, and both go into the path of its URL: name one",
                first.name, binding.name
            )));
        }
    }
    Ok(())
}

fn covers(patterns: &[OriginPattern], origin: &Origin) -> bool {
    patterns.iter().any(|pattern| pattern.matches(origin))
}

/// Origins in a sentence.
pub(crate) fn list(patterns: &[OriginPattern]) -> String {
    if patterns.is_empty() { "no origin".to_owned() } else { joined(patterns) }
}

pub(crate) fn joined(list: &[impl ToString]) -> String {
    list.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use wirken_secret::Secret;

    use super::*;

    fn patterns(texts: &[&str]) -> Vec<OriginPattern> {
        texts.iter().map(|text| text.parse().expect(text)).collect()
    }

    fn held(origins: &[&str], places: &[&str]) -> Option<Held> {
        let places = places.iter().map(|place| place.parse().expect(place)).collect();
        Some(Held { origins: patterns(origins), places, secret: Arc::new(Secret::from_string("correct horse".to_owned())) })
    }

    fn binding(origins: &[&str], place: &str, optional: bool, record: Option<Held>) -> Binding {
        Binding {
            name: "key".to_owned(),
            stored_as: "key".to_owned(),
            manifest_origins: patterns(origins),
            place: place.parse().expect(place),
            optional,
            record,
        }
    }

    #[test]
    fn a_credential_is_placed_only_where_request_manifest_and_record_agree() {
        const A: &str = "https://a.example.com";
        const B: &str = "https://b.example.com";
        const ANY: &str = "https://*.example.com";
        let required = false;
        let optional = true;
        // What the request names, the binding, where the request goes: placed (Some(true)), without (Some(false)), refused.
        let table: [(&str, Binding, &str, Option<bool>, &str); 20] = [
            ("key", binding(&[A], "bearer", required, held(&[A], &["bearer"])), A, Some(true), "all agree"),
            ("key", binding(&[A, B], "bearer", required, held(&[B, A], &["header:x", "bearer"])), A, Some(true), "among others"),
            (
                "key",
                binding(&[ANY], "bearer", required, held(&[A], &["bearer"])),
                A,
                Some(true),
                "the manifest's pattern, the record's literal",
            ),
            (
                "key",
                binding(&[A], "bearer", required, held(&[ANY], &["bearer"])),
                A,
                Some(true),
                "the record's pattern, the manifest's literal",
            ),
            ("key", binding(&[A], "header:x", required, held(&[A], &["header:X"])), A, Some(true), "a header, whatever its case"),
            ("key", binding(&[A], "path-prefix:bot", required, held(&[A], &["path-prefix:bot"])), A, Some(true), "a path"),
            ("key", binding(&[A], "path-prefix:bot", required, held(&[A], &["path-prefix:Bot"])), A, None, "another path"),
            ("key", binding(&[A], "path-prefix:bot", required, held(&[A], &["bearer", "header:bot"])), A, None, "no path"),
            ("key", binding(&[A], "bearer", required, None), A, None, "required and not stored"),
            ("key", binding(&[A], "bearer", optional, None), A, Some(false), "optional and not stored"),
            ("other", binding(&[A], "bearer", optional, held(&[A], &["bearer"])), A, None, "not in the manifest"),
            ("KEY", binding(&[A], "bearer", optional, held(&[A], &["bearer"])), A, None, "names are exact"),
            ("", binding(&[A], "bearer", optional, held(&[A], &["bearer"])), A, None, "no name is a name"),
            ("key", binding(&[A], "bearer", required, held(&[A, B], &["bearer"])), B, None, "the manifest lacks the origin"),
            ("key", binding(&[], "bearer", required, held(&[A], &["bearer"])), A, None, "the manifest has no origin"),
            ("key", binding(&[A, B], "bearer", required, held(&[A], &["bearer"])), B, None, "the record lacks the origin"),
            ("key", binding(&[A, B], "bearer", optional, held(&[A], &["bearer"])), B, None, "the record lacks the origin, though optional"),
            ("key", binding(&[A], "bearer", required, held(&[], &["bearer"])), A, None, "the record has no origin"),
            ("key", binding(&[A], "bearer", required, held(&[A], &["header:authorization"])), A, None, "the record has another place"),
            ("key", binding(&[A], "bearer", required, held(&[A], &[])), A, None, "the record has no place"),
        ];
        for (name, binding, to, expected, case) in table {
            let bindings = [binding];
            let origin = to.parse().expect(to);
            match (decide("mail", name, &bindings, &origin), expected) {
                (Ok(Some((_, record))), Some(true)) => assert!(record.origins.iter().any(|pattern| pattern.matches(&origin)), "{case}"),
                (Ok(None), Some(false)) => {}
                (Err(error), None) => assert_eq!((error.kind(), error.sent()), ("denied", false), "{case}"),
                (decided, _) => panic!("{case}: {decided:?}"),
            }
        }
    }

    #[test]
    fn another_scheme_or_port_is_another_origin() {
        let bindings = [binding(&["https://a.example.com"], "bearer", false, held(&["https://a.example.com"], &["bearer"]))];
        for to in ["https://a.example.com:8443", "https://example.com", "https://b.a.example.com", "http://localhost"] {
            assert!(decide("mail", "key", &bindings, &to.parse().expect(to)).is_err(), "{to}");
        }
    }

    #[test]
    fn refusals_say_what_to_do() {
        let origin: Origin = "https://a.example.com".parse().expect("an origin");
        let refused = |binding: Binding| decide("mail", "key", &[binding], &origin).map(|_| ()).expect_err("refused").to_string();
        let missing = refused(binding(&["https://a.example.com"], "bearer", false, None));
        assert!(missing.contains("wirken credentials add mail key"), "{missing}");
        let elsewhere = refused(binding(&["https://a.example.com"], "bearer", false, held(&["https://b.example.com"], &["bearer"])));
        assert!(elsewhere.contains("--origin https://a.example.com"), "{elsewhere}");
        let placed = refused(binding(&["https://a.example.com"], "header:x-key", false, held(&["https://a.example.com"], &["bearer"])));
        assert!(placed.contains("--place header:x-key"), "{placed}");
        assert!(matches!("header:x-key".parse(), Ok(Place::Header { .. })));
        let path = refused(binding(&["https://a.example.com"], "path-prefix:bot", false, held(&["https://a.example.com"], &["bearer"])));
        assert!(path.contains("--place path-prefix:bot"), "{path}");
    }

    #[test]
    fn a_second_place_takes_the_record_of_the_first() {
        const A: &str = "https://a.example.com";
        let origin = A.parse().expect("an origin");
        let second = |places: &[&str]| Binding {
            name: "files".to_owned(),
            stored_as: "key".to_owned(),
            ..binding(&[A], "path-prefix:file/bot", false, held(&[A], places))
        };
        let placed =
            |binding: Binding| decide("mail", "files", &[binding], &origin).map(|found| found.is_some()).map_err(|error| error.to_string());
        assert_eq!(placed(second(&["path-prefix:bot", "path-prefix:file/bot"])), Ok(true));
        let refused = placed(second(&["path-prefix:bot"])).expect_err("its human named one place");
        assert!(refused.contains("`wirken credentials add mail key`") && refused.contains("path-prefix:file/bot"), "{refused}");
    }

    #[test]
    fn at_most_one_credential_goes_into_the_path() {
        let named = |name: &str, place: &str| Binding { name: name.to_owned(), ..binding(&[], place, true, None) };
        let bindings = [named("a", "path-prefix:bot"), named("b", "path-prefix:bot"), named("c", "path-prefix:file"), named("d", "bearer")];
        let refused = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            one_path("mail", &names, &bindings).err().map(|error| (error.kind(), error.to_string()))
        };
        for names in [&[][..], &["a"], &["d", "c"], &["b", "d", "d"]] {
            assert_eq!(refused(names), None, "{names:?}");
        }
        for names in [["a", "b"], ["c", "b"], ["a", "a"]] {
            let (kind, message) = refused(&names).expect("refused");
            assert!(kind == "denied" && names.iter().all(|name| message.contains(&format!("{name:?}"))), "{message}");
        }
        assert!(refused(&["e"]).is_some_and(|(_, message)| message.contains("does not declare")));
    }
}
