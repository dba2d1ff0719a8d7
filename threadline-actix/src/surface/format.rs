//! Whether a request wants the page or its JSON twin.

use actix_web::{HttpRequest, http::header};

use super::links::{HTML, JSON};

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people.
    Html,
    /// For programs.
    Json,
}

impl Format {
    pub(super) fn of(request: &HttpRequest) -> Self {
        let path = request.path();
        if path.ends_with(JSON) {
            return Self::Json;
        }
        if path.ends_with(HTML) {
            return Self::Html;
        }
        let accept = request.headers().get(header::ACCEPT);
        Self::accepted(
            accept
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default(),
        )
    }

    /// JSON has to be named, and before HTML: browsers take anything.
    fn accepted(accept: &str) -> Self {
        let media = accept
            .split(',')
            .map(|range| range.split(';').next().unwrap_or_default().trim());
        media
            .filter_map(|media| match media {
                "application/json" => Some(Self::Json),
                "text/html" => Some(Self::Html),
                _ => None,
            })
            .next()
            .unwrap_or(Self::Html)
    }

    /// A name without the extension that chose the format.
    pub(super) fn without_extension(name: &str) -> &str {
        name.strip_suffix(JSON)
            .or_else(|| name.strip_suffix(HTML))
            .unwrap_or(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_to_be_asked_for() {
        for (accept, expected) in [
            ("", Format::Html),
            ("*/*", Format::Html),
            ("application/json", Format::Json),
            ("application/json;q=0.9, */*", Format::Json),
            (
                "text/html,application/xhtml+xml,application/json",
                Format::Html,
            ),
        ] {
            assert_eq!(Format::accepted(accept), expected, "{accept}");
        }
    }

    #[test]
    fn one_extension_is_not_part_of_the_name() {
        for (name, expected) in [
            ("42", "42"),
            ("42.json", "42"),
            ("a.json.html", "a.json"),
            ("...html", ".."),
        ] {
            assert_eq!(Format::without_extension(name), expected);
        }
    }
}
