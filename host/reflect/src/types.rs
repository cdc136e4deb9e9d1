//! The types of functions that a model may call, without names and without sharing: a type is the tree of what it is
//! made of, within [`MAX_DEPTH`](crate::MAX_DEPTH) and [`MAX_DEFINITION_BYTES`](crate::MAX_DEFINITION_BYTES).

use std::fmt;

/// The fewest digits that name the largest `f32`. They are a little more than it is, and nearer to it than to anything else.
pub(crate) const F32_MOST: f64 = 3.402_823_5e38;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    Bool,
    U8,
    U16,
    U32,
    U64,
    S8,
    S16,
    S32,
    S64,
    F32,
    F64,
    Char,
    String,
    /// Of [`Type::U8`] its values are bytes: see [`Type::is_bytes`].
    List(Box<Self>),
    Tuple(Vec<Self>),
    Record(Vec<Field>),
    Variant(Vec<Case>),
    Enum(Vec<String>),
    Flags(Vec<String>),
    Option(Box<Self>),
    Result {
        ok: Option<Box<Self>>,
        err: Option<Box<Self>>,
    },
}

/// A field of a record, or a function's parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    pub name: String,
    pub ty: Type,
    /// The author's comment, if the component carries it.
    pub comment: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    pub name: String,
    pub ty: Option<Type>,
    pub comment: Option<String>,
}

impl Type {
    /// Whether it is `list<u8>`, which is base64 in JSON.
    pub fn is_bytes(&self) -> bool {
        matches!(self, Self::List(element) if **element == Self::U8)
    }

    /// Whether `null` stands for one of its values, and leaving it out says the same.
    pub fn is_option(&self) -> bool {
        matches!(self, Self::Option(_))
    }

    /// The least and the greatest of an integer type.
    pub(crate) fn range(&self) -> Option<(i128, i128)> {
        Some(match self {
            Self::U8 => (0, u8::MAX.into()),
            Self::U16 => (0, u16::MAX.into()),
            Self::U32 => (0, u32::MAX.into()),
            Self::U64 => (0, u64::MAX.into()),
            Self::S8 => (i8::MIN.into(), i8::MAX.into()),
            Self::S16 => (i16::MIN.into(), i16::MAX.into()),
            Self::S32 => (i32::MIN.into(), i32::MAX.into()),
            Self::S64 => (i64::MIN.into(), i64::MAX.into()),
            _ => return None,
        })
    }
}

/// As WIT writes it, with the contents of what has a name there.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("bool"),
            Self::U8 => f.write_str("u8"),
            Self::U16 => f.write_str("u16"),
            Self::U32 => f.write_str("u32"),
            Self::U64 => f.write_str("u64"),
            Self::S8 => f.write_str("s8"),
            Self::S16 => f.write_str("s16"),
            Self::S32 => f.write_str("s32"),
            Self::S64 => f.write_str("s64"),
            Self::F32 => f.write_str("f32"),
            Self::F64 => f.write_str("f64"),
            Self::Char => f.write_str("char"),
            Self::String => f.write_str("string"),
            Self::List(element) => write!(f, "list<{element}>"),
            Self::Tuple(types) => write!(f, "tuple<{}>", Listed(types)),
            Self::Record(fields) => write!(f, "record {{ {} }}", Listed(fields)),
            Self::Variant(cases) => write!(f, "variant {{ {} }}", Listed(cases)),
            Self::Enum(names) => write!(f, "enum {{ {} }}", Listed(names)),
            Self::Flags(names) => write!(f, "flags {{ {} }}", Listed(names)),
            Self::Option(ty) => write!(f, "option<{ty}>"),
            Self::Result { ok: None, err: None } => f.write_str("result"),
            Self::Result { ok: Some(ok), err: None } => write!(f, "result<{ok}>"),
            Self::Result { ok: None, err: Some(err) } => write!(f, "result<_, {err}>"),
            Self::Result { ok: Some(ok), err: Some(err) } => write!(f, "result<{ok}, {err}>"),
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.ty)
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.ty {
            Some(ty) => write!(f, "{}({ty})", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// What stands between commas.
pub(crate) struct Listed<'a, T>(pub(crate) &'a [T]);

impl<T: fmt::Display> fmt::Display for Listed<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, item) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            item.fmt(f)?;
        }
        Ok(())
    }
}
