//! Where a page of a list begins: the parameters `after` and `before`. Pure.

use threadline::PageToken;

use super::{failure::Failure, parameters::Parameters};

/// Where a page begins. Without one it is the page of the newest.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// Where another page ended.
    After(PageToken),
    /// Where another page began.
    Before(PageToken),
}

impl Place {
    /// The names of the parameters.
    pub(crate) const PARAMETERS: [&str; 2] = ["after", "before"];

    /// Takes it from the parameters.
    ///
    /// # Errors
    /// Names the parameter that can't be used.
    pub(crate) fn read(parameters: &mut Parameters) -> Result<Option<Self>, Failure> {
        let [after, before] = Self::PARAMETERS.map(|name| parameters.read(name));
        match (after?, before?) {
            (None, None) => Ok(None),
            (Some(token), None) => Ok(Some(Self::After(token))),
            (None, Some(token)) => Ok(Some(Self::Before(token))),
            (Some(_), Some(_)) => {
                let reason = "a page is after a place or before one, not both";
                Err(Failure::parameter("before", reason))
            }
        }
    }

    /// Says which of the parameters has the token of another question.
    pub(crate) fn blamed(place: Option<&Self>, failure: Failure) -> Failure {
        match (place, failure) {
            (Some(Self::Before(_)), Failure::Invalid { parameter, reason })
                if parameter == "after" =>
            {
                Failure::parameter("before", reason)
            }
            (_, failure) => failure,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_begins_in_one_place_and_what_is_wrong_is_named() {
        let token = "AX9LeA1mdAOkAAZhOE5gJvYAAAAAAAAAA7ceBqg";
        let read = |query: &str| Place::read(&mut Parameters::parse(query).unwrap());
        assert!(matches!(read(""), Ok(None)));
        assert!(matches!(
            read(&format!("after={token}")),
            Ok(Some(Place::After(_)))
        ));
        assert!(matches!(
            read(&format!("before={token}")),
            Ok(Some(Place::Before(_)))
        ));
        for (query, name) in [
            ("after=x".to_owned(), "after"),
            ("before=x".to_owned(), "before"),
            (format!("after={token}&before={token}"), "before"),
        ] {
            match read(&query) {
                Err(Failure::Invalid { parameter, .. }) => assert_eq!(parameter, name),
                other => panic!("{query}: {other:?}"),
            }
        }
    }
}
