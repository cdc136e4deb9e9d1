//! Single fields, each with its name for the error and its bound. The same bounds hold in both directions.

use capnp::{data as capnp_data, text as capnp_text, text_list};

use crate::error::WireError;
use crate::limits::MAX_LIST;

pub(crate) fn within(what: &'static str, bytes: usize, max: usize) -> Result<(), WireError> {
    if bytes > max { Err(WireError::TooLong { what, bytes, max }) } else { Ok(()) }
}

/// The length of a list that is to be written.
pub(crate) fn list_length(what: &'static str, count: usize) -> Result<u32, WireError> {
    let too_many = WireError::TooMany { what, count, max: MAX_LIST };
    if count > MAX_LIST { Err(too_many) } else { u32::try_from(count).map_err(|_| too_many) }
}

pub(crate) fn text(what: &'static str, max: usize, field: capnp::Result<capnp_text::Reader<'_>>) -> Result<String, WireError> {
    let field = field?;
    within(what, field.len(), max)?;
    Ok(field.to_str().map_err(|_| WireError::NotText { what })?.to_owned())
}

/// A text whose pointer may be null: `has` says that it is not.
pub(crate) fn optional_text(
    what: &'static str,
    max: usize,
    has: bool,
    field: capnp::Result<capnp_text::Reader<'_>>,
) -> Result<Option<String>, WireError> {
    if has { text(what, max, field).map(Some) } else { Ok(None) }
}

pub(crate) fn data<'a>(what: &'static str, max: usize, field: capnp::Result<capnp_data::Reader<'a>>) -> Result<&'a [u8], WireError> {
    let field = field?;
    within(what, field.len(), max)?;
    Ok(field)
}

/// Reads each entry of a list. Nothing is allocated for a list that is too long.
pub(crate) fn list<E, T>(
    what: &'static str,
    entries: impl ExactSizeIterator<Item = E>,
    read: impl FnMut(E) -> Result<T, WireError>,
) -> Result<Vec<T>, WireError> {
    list_length(what, entries.len())?;
    entries.map(read).collect()
}

pub(crate) fn texts(what: &'static str, max: usize, field: capnp::Result<text_list::Reader<'_>>) -> Result<Vec<String>, WireError> {
    list(what, field?.iter(), |entry| text(what, max, entry))
}

pub(crate) fn write_texts(what: &'static str, max: usize, mut to: text_list::Builder<'_>, from: &[String]) -> Result<(), WireError> {
    for (index, entry) in (0..).zip(from) {
        within(what, entry.len(), max)?;
        to.set(index, entry.as_str());
    }
    Ok(())
}
