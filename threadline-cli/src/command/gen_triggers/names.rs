//! The value of `--tables`.

use threadline::codegen::TableName;

use super::Refusal;

/// The tables that are named, in order.
///
/// # Errors
/// A name that is none, or two names of one table.
pub(super) fn parse(values: &[String]) -> Result<Vec<TableName>, Refusal> {
    let mut named: Vec<(TableName, &str)> = Vec::new();
    for text in values.iter().flat_map(|value| split(value)) {
        let table = text.parse::<TableName>().map_err(|err| {
            let text = text.to_owned();
            Refusal::Name { text, err }
        })?;
        if let Some((_, first)) = named.iter().find(|(other, _)| *other == table) {
            return Err(Refusal::Twice {
                first: (*first).to_owned(),
                second: text.to_owned(),
            });
        }
        named.push((table, text));
    }
    if named.is_empty() {
        return Err(Refusal::NoNames);
    }
    Ok(named.into_iter().map(|(table, _)| table).collect())
}

/// Splits at commas outside of quotes. Empty parts, as behind a last comma, are left out.
fn split(list: &str) -> Vec<&str> {
    let mut quoted = false;
    list.split(|character| {
        quoted ^= character == '"';
        character == ',' && !quoted
    })
    .map(str::trim)
    .filter(|name| !name.is_empty())
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(values: &[&str]) -> Result<Vec<String>, String> {
        let values: Vec<_> = values.iter().map(|&value| value.to_owned()).collect();
        match parse(&values) {
            Ok(tables) => Ok(tables.iter().map(ToString::to_string).collect()),
            Err(refusal) => Err(refusal.to_string()),
        }
    }

    #[test]
    fn commas_separate_names_except_inside_quotes() {
        let names = parsed(&["posts, blog.tags,", "\"We,ird\".\"Ta\"\"ble\""]).unwrap();
        assert_eq!(names.len(), 3);
        assert!(names[2].contains("We,ird"), "{names:?}");
    }

    #[test]
    fn two_spellings_of_one_table_are_refused_by_name() {
        for second in ["posts", "public.posts", "\"posts\""] {
            assert_eq!(
                parsed(&["posts", second]),
                Err(format!("`posts` and `{second}` are the same table"))
            );
        }
        assert_eq!(parsed(&[", "]), Err("`--tables` names no table".to_owned()));
    }
}
