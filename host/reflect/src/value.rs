//! The component model's values, as no engine's: whoever calls a component turns them into those of its engine.

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Bool(bool),
    U8(u8),
    U16(u16),
    U32(u32),
    U64(u64),
    S8(i8),
    S16(i16),
    S32(i32),
    S64(i64),
    F32(f32),
    F64(f64),
    Char(char),
    String(String),
    /// A `list<u8>`. [`Function::lift`](crate::Function::lift) makes no [`Value::List`] of one, and
    /// [`Function::lower`](crate::Function::lower) takes both.
    Bytes(Vec<u8>),
    List(Vec<Self>),
    Tuple(Vec<Self>),
    /// Every field, in the order of the type.
    Record(Vec<(String, Self)>),
    Variant(String, Option<Box<Self>>),
    Enum(String),
    /// The names that are set, in the order of the type.
    Flags(Vec<String>),
    Option(Option<Box<Self>>),
    Result(Result<Option<Box<Self>>, Option<Box<Self>>>),
}
