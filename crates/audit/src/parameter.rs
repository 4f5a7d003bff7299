//! The parameters of rules: typed, with or without a value to begin with.

/// The kind of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A whole number.
    Integer,
    /// A number.
    Number,
    Text,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Integer(i64),
    Number(f64),
    Text(String),
}

/// A parameter of a rule: `$name` in its query.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// Its value; a rule of which one has none is not evaluated.
    pub(crate) value: Option<Value>,
    /// What it is, with its unit.
    pub(crate) about: String,
}
