//! From what somebody looks for to the page that has it. Pure.

use threadline::{ActorRef, codegen::TableName};

use super::{failure::Failure, links::Links, parameters::Parameters};

/// The names of the parameters.
const PARAMETERS: [&str; 5] = ["table", "id", "correlation", "request", "actor"];

/// Where to go: to a record by `table` and `id`, or to what one of the other parameters names.
///
/// # Errors
/// Names the parameter that can't be used.
pub(super) fn find(mut parameters: Parameters, links: &Links) -> Result<String, Failure> {
    let table: Option<TableName> = parameters.read("table")?;
    let id = parameters.text("id");
    let correlation = parameters.text("correlation");
    let request = parameters.text("request");
    let actor: Option<ActorRef> = parameters.read("actor")?;
    parameters.finish(&PARAMETERS)?;
    match (table, id, correlation, request, actor) {
        (Some(table), Some(id), None, None, None) => Ok(links.record(&table, id.trim())),
        (Some(_), None, None, None, None) => {
            Err(Failure::parameter("id", "say which record of the table"))
        }
        (None, Some(_), None, None, None) => {
            Err(Failure::parameter("table", "say of which table the id is"))
        }
        (None, None, Some(id), None, None) => Ok(links.correlation(id.trim())),
        (None, None, None, Some(id), None) => Ok(links.request(id.trim())),
        (None, None, None, None, Some(actor)) => Ok(links.actor(actor.kind().as_str(), actor.id())),
        _ => Err(Failure::query(
            "say a table and an id, or a correlation, or a request, or an actor",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(query: &str) -> Result<String, String> {
        let parameters = Parameters::parse(query).unwrap();
        find(parameters, &Links::below("/audit")).map_err(|failure| failure.message())
    }

    #[test]
    fn what_is_looked_for_leads_to_its_page() {
        for (query, expected) in [
            ("table=posts&id=42", "/audit/rows/public.posts/42"),
            (
                "table=shop.%22Order+Lines%22&id=%7B%22a%22%3A1%7D",
                "/audit/rows/shop.Order%20Lines/%7B%22a%22%3A1%7D",
            ),
            (
                "table=posts&id=a%2Fb.json",
                "/audit/rows/public.posts/a%2Fb.json.html",
            ),
            ("correlation=c+1&table=&id=", "/audit/correlations/c%201"),
            ("request=+r-1+", "/audit/requests/r-1"),
            ("actor=user%3A42", "/audit/actors/user/42"),
            ("actor=anonymous", "/audit/actors/anonymous"),
        ] {
            assert_eq!(found(query).as_deref(), Ok(expected), "{query}");
        }
    }

    #[test]
    fn what_is_missing_or_too_much_is_named() {
        for (query, name) in [
            ("", "query string"),
            ("table=posts", "“id”"),
            ("id=42", "“table”"),
            ("table=a.b.c&id=1", "“table”"),
            ("actor=42", "“actor”"),
            ("request=a&correlation=b", "query string"),
        ] {
            let message = found(query).unwrap_err();
            assert!(message.contains(name), "{query}: {message}");
        }
    }
}
