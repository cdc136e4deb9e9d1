//! Notes by the standard library: files, the environment, what is printed; and one request by `wasi:http`.

use std::io::{Read, Write};

wit_bindgen::generate!({
    path: ["../../../../wit/wasi/io", "../../../../wit/wasi/clocks", "../../../../wit/wasi/http", "wit"],
    world: "example:notes/notes",
    generate_all,
});

use wasi::http::outgoing_handler;
use wasi::http::types::{Fields, OutgoingBody, OutgoingRequest, Scheme};

struct Notes;

export!(Notes);

impl Guest for Notes {
    fn read_note(path: String) -> Result<String, String> {
        std::fs::read_to_string(path).map_err(|error| error.to_string())
    }

    fn write_note(path: String, text: String) -> Result<(), String> {
        std::fs::write(path, text).map_err(|error| error.to_string())
    }

    fn names(path: String) -> Result<Vec<String>, String> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(path).map_err(|error| error.to_string())? {
            names.push(entry.map_err(|error| error.to_string())?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    }

    fn greet() -> String {
        println!("Hello!");
        eprintln!("Hello again!");
        std::io::stdout().flush().ok();
        let mut heard = String::new();
        std::io::stdin().read_to_string(&mut heard).ok();
        format!("{} arguments, {} variables, {} bytes", std::env::args().count(), std::env::vars().count(), heard.len())
    }

    fn status(scheme: String, authority: String, path: String) -> Result<u16, String> {
        let request = OutgoingRequest::new(Fields::new());
        let scheme = if scheme == "https" { Scheme::Https } else { Scheme::Http };
        request.set_scheme(Some(&scheme)).map_err(|()| "scheme")?;
        request.set_authority(Some(&authority)).map_err(|()| "authority")?;
        request.set_path_with_query(Some(&path)).map_err(|()| "path")?;
        let body = request.body().map_err(|()| "body")?;
        let answer = outgoing_handler::handle(request, None).map_err(|error| error.to_string())?;
        OutgoingBody::finish(body, None).map_err(|error| error.to_string())?;
        answer.subscribe().block();
        let response = answer.get().and_then(Result::ok).ok_or("no answer")?.map_err(|error| error.to_string())?;
        Ok(response.status())
    }

    fn quit(code: u8) {
        std::process::exit(code.into())
    }
}
