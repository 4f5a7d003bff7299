//! The parameters of rules: typed, some within bounds, with or without a value to begin with.

use datafusion::scalar::ScalarValue;

/// The kind of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
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

    const fn name(self) -> &'static str {
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

/// The numbers that a parameter may be, both ends among them. One outside would make a rule that finds
/// nothing, or everything, without a word.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Bounds {
    least: Option<f64>,
    most: Option<f64>,
}

impl Bounds {
    /// Those of a text such as `0..`, `..1` or `0..1`.
    fn parse(text: &str) -> Option<Self> {
        let end = |text: &str| match text {
            "" => Some(None),
            text => text
                .parse()
                .ok()
                .filter(|it: &f64| it.is_finite())
                .map(Some),
        };
        let (least, most) = text.split_once("..")?;
        let (least, most) = (end(least)?, end(most)?);
        let is_empty = least.zip(most).is_some_and(|(least, most)| least > most);
        (!is_empty && (least, most) != (None, None)).then_some(Self { least, most })
    }

    /// Why a value cannot be taken, if it cannot.
    #[expect(clippy::cast_precision_loss, reason = "no bound is beyond 2^53")]
    fn objection(self, value: &Value) -> Option<String> {
        let number = match value {
            Value::Integer(number) => *number as f64,
            Value::Number(number) => *number,
            Value::Text(_) => return None,
        };
        match self {
            Self {
                least: Some(least), ..
            } if number < least => Some(format!("{value} is less than {least}")),
            Self {
                most: Some(most), ..
            } if number > most => Some(format!("{value} is more than {most}")),
            _ => None,
        }
    }
}

impl std::fmt::Display for Bounds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if *self == Self::default() {
            return Ok(());
        }
        let end = |end: Option<f64>| end.map_or_else(String::new, |it| it.to_string());
        write!(f, "({}..{})", end(self.least), end(self.most))
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
    kind: Kind,
    bounds: Bounds,
    /// Its value; a rule of which one has none is not evaluated.
    pub(crate) value: Option<Value>,
    /// What it is, with its unit.
    pub(crate) about: String,
}

impl Parameter {
    /// That of a header's line: name, kind with or without bounds, value or `-`, and what it is.
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
        let (kind, bounds) = typed(kind)?;
        let mut parameter = Self {
            name: name.to_owned(),
            kind,
            bounds,
            value: None,
            about: about.to_owned(),
        };
        if value != "-" {
            parameter.set(value)?;
        }
        Ok(parameter)
    }

    /// All that there is to say about it, in a line.
    pub(crate) fn explained(&self) -> String {
        let value = self.value.as_ref();
        let value = value.map_or_else(|| "not set".to_owned(), ToString::to_string);
        let Self {
            name,
            kind,
            bounds,
            about,
            ..
        } = self;
        format!("{name} ({}{bounds}) = {value}: {about}", kind.name())
    }

    /// Gives it a value that was typed.
    pub(crate) fn set(&mut self, text: &str) -> Result<(), String> {
        self.take(self.kind.read(text)?)
    }

    fn take(&mut self, value: Value) -> Result<(), String> {
        if let Some(objection) = self.bounds.objection(&value) {
            return Err(objection);
        }
        self.value = Some(value);
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
        self.take(fits.ok_or_else(|| format!("its value is no {}", self.kind.name()))?)
    }
}

/// The kind and the bounds of a text such as `text`, `integer` or `number(0..1)`.
fn typed(text: &str) -> Result<(Kind, Bounds), String> {
    let (name, bounds) = match text.split_once('(') {
        None => (text, Some(Bounds::default())),
        Some((name, rest)) => (name, rest.strip_suffix(')').and_then(Bounds::parse)),
    };
    let kind =
        Kind::named(name).ok_or_else(|| format!("{name:?} is no kind: integer, number or text"))?;
    match bounds {
        Some(bounds) if kind != Kind::Text || bounds == Bounds::default() => Ok((kind, bounds)),
        _ => Err(format!(
            "{text:?} has no bounds as a number has them: integer(0..), number(0..1)"
        )),
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
    fn a_number_outside_the_bounds_of_its_parameter_is_refused_wherever_it_comes_from() {
        let mut share = Parameter::parse("share number(0..1) 0.2 A share").unwrap();
        assert_eq!(share.set("7").unwrap_err(), "7 is more than 1");
        assert_eq!(share.set("-0.1").unwrap_err(), "-0.1 is less than 0");
        assert!(share.set_toml(&toml::Value::Integer(2)).is_err());
        assert_eq!(share.value, Some(Value::Number(0.2)));
        for end in ["0", "1"] {
            share.set(end).unwrap();
        }
        assert_eq!(share.explained(), "share (number(0..1)) = 1: A share");
        let mut days = Parameter::parse("days integer(0..) - Days").unwrap();
        assert!(days.set("-1").unwrap_err().contains("less than 0"));
        days.set("36500").unwrap();
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
            ("days integer(0..) -3 Days", "less than 0"),
            ("days integer(0.. 3 Days", "no bounds"),
            ("days integer(..) 3 Days", "no bounds"),
            ("days integer(1..0) 3 Days", "no bounds"),
            ("days integer(a..) 3 Days", "no bounds"),
            ("tag text(0..1) x The tag", "no bounds"),
        ] {
            let error = Parameter::parse(line).unwrap_err();
            assert!(error.contains(why), "{line}: {error}");
        }
    }
}
