//! The parameters of rules: typed, with or without a value to begin with.

use datafusion::scalar::ScalarValue;

/// The kind of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A whole number.
    Integer,
    /// A number.
    Number,
    Text,
}

impl Kind {
    /// The kind of this name, as a rule's header has it.
    fn named(name: &str) -> Option<Self> {
        match name {
            "integer" => Some(Self::Integer),
            "number" => Some(Self::Number),
            "text" => Some(Self::Text),
            _ => None,
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Text => "text",
        }
    }

    /// The value that a text stands for.
    fn read(self, text: &str) -> Result<Value, String> {
        let unfit = || format!("{text:?} is no {}", self.name());
        match self {
            Self::Integer => text.parse().map(Value::Integer).map_err(|_| unfit()),
            Self::Number => match text.parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(Value::Number(number)),
                _ => Err(unfit()),
            },
            Self::Text => Ok(Value::Text(text.to_owned())),
        }
    }
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Integer(i64),
    Number(f64),
    Text(String),
}

impl Value {
    /// As the engine takes it.
    pub(crate) fn scalar(&self) -> ScalarValue {
        match self {
            Self::Integer(number) => ScalarValue::Int64(Some(*number)),
            Self::Number(number) => ScalarValue::Float64(Some(*number)),
            Self::Text(text) => ScalarValue::Utf8(Some(text.clone())),
        }
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Integer(number) => write!(f, "{number}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => write!(f, "{text}"),
        }
    }
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

impl Parameter {
    /// That of a header's line: name, kind, value or `-`, and what it is.
    pub(crate) fn parse(line: &str) -> Result<Self, String> {
        let mut words = line.splitn(4, char::is_whitespace).map(str::trim);
        let mut word = |what: &str| {
            let word = words.next().filter(|word| !word.is_empty());
            word.ok_or_else(|| {
                format!("a parameter has a name, a kind, a value or `-`, and a word about it; {what} is missing")
            })
        };
        let name = word("its name")?;
        let kind = word("its kind")?;
        let value = word("its value")?;
        let about = word("a word about it")?;
        let is_plain =
            |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
        if !name.chars().all(is_plain) || name.starts_with(|it: char| it.is_ascii_digit()) {
            return Err(format!(
                "{name:?} is no name for a parameter: a-z, 0-9 and _"
            ));
        }
        let kind = Kind::named(kind)
            .ok_or_else(|| format!("{kind:?} is no kind: integer, number or text"))?;
        Ok(Self {
            name: name.to_owned(),
            kind,
            value: match value {
                "-" => None,
                text => Some(kind.read(text)?),
            },
            about: about.to_owned(),
        })
    }

    /// Gives it a value that was typed.
    pub(crate) fn set(&mut self, text: &str) -> Result<(), String> {
        self.value = Some(self.kind.read(text)?);
        Ok(())
    }

    /// Gives it a value of a settings file.
    pub(crate) fn set_toml(&mut self, value: &toml::Value) -> Result<(), String> {
        let fits = match (self.kind, value) {
            (Kind::Integer, toml::Value::Integer(number)) => Some(Value::Integer(*number)),
            #[expect(
                clippy::cast_precision_loss,
                reason = "nobody sets a threshold beyond 2^53"
            )]
            (Kind::Number, toml::Value::Integer(number)) => Some(Value::Number(*number as f64)),
            (Kind::Number, toml::Value::Float(number)) if number.is_finite() => {
                Some(Value::Number(*number))
            }
            (Kind::Text, toml::Value::String(text)) => Some(Value::Text(text.clone())),
            _ => None,
        };
        self.value = Some(fits.ok_or_else(|| format!("its value is no {}", self.kind.name()))?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_read_from_its_line_and_set_to_values_of_its_kind_alone() {
        let mut days = Parameter::parse("days integer 365 Days without a change").unwrap();
        assert_eq!(days.about, "Days without a change");
        assert_eq!(days.value, Some(Value::Integer(365)));
        days.set("30").unwrap();
        assert_eq!(days.value, Some(Value::Integer(30)));
        assert!(days.set("3.5").unwrap_err().contains("no integer"));
        assert!(
            days.set_toml(&toml::Value::String("30".to_owned()))
                .is_err()
        );
        let mut share = Parameter::parse("share number 0.2 A share").unwrap();
        share.set_toml(&toml::Value::Integer(1)).unwrap();
        assert_eq!(share.value, Some(Value::Number(1.0)));
        assert!(share.set("nan").is_err());
        let tag = Parameter::parse("tag text - The tag").unwrap();
        assert_eq!(tag.value, None);
    }

    #[test]
    fn a_line_that_is_no_parameter_is_told_what_it_lacks() {
        for (line, why) in [
            ("", "its name"),
            ("days", "its kind"),
            ("days integer", "its value"),
            ("days integer 3", "a word about it is missing"),
            ("days float 3 Days", "no kind"),
            ("Days integer 3 Days", "no name"),
            ("1d integer 3 Days", "no name"),
            ("days integer three Days", "no integer"),
        ] {
            let error = Parameter::parse(line).unwrap_err();
            assert!(error.contains(why), "{line}: {error}");
        }
    }
}
