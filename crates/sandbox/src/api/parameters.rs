//! The parameters of a request as they were sent, of a query or of a form.

use std::collections::HashSet;

/// Names and values, decoded, in the order in which they came.
#[derive(Debug)]
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub(crate) fn parse(text: &[u8]) -> Parameters {
        Parameters(url::form_urlencoded::parse(text).into_owned().collect())
    }

    /// These, and those of another part of the request behind them.
    pub(crate) fn and(mut self, more: Parameters) -> Parameters {
        self.0.extend(more.0);
        self
    }

    /// The value of a name; the first one if it was sent more than once.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// A name that was sent more than once.
    pub(crate) fn repeated(&self) -> Option<&str> {
        let mut seen = HashSet::new();
        self.names().find(|name| !seen.insert(*name))
    }

    /// All but those of one name, as a text that does not depend on the order in which they came.
    pub(crate) fn without(&self, name: &str) -> String {
        let mut bound: Vec<&(String, String)> =
            self.0.iter().filter(|(key, _)| key != name).collect();
        bound.sort();
        format!("{bound:?}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_repeated_whatever_its_values_and_wherever_it_stands() {
        let repeated = |body: &str, query: &str| {
            let both = Parameters::parse(body.as_bytes()).and(Parameters::parse(query.as_bytes()));
            both.repeated().map(str::to_owned)
        };
        assert_eq!(repeated("a=1&b=1", "c=1"), None);
        assert_eq!(repeated("a=1&b=1&a=2", ""), Some("a".to_owned()));
        assert_eq!(repeated("a=1&%61=1", ""), Some("a".to_owned()));
        assert_eq!(repeated("a=1", "a=1"), Some("a".to_owned()));
    }
}
