//! Adds migrations to the list of a Migrator.

use crate::migrator::{
    edit::{Edit, apply, indent, line_break, line_end, line_start, starts_line},
    source::{List, MigratorSource, NotRegistrable},
};

/// One level of indentation where the file shows none.
const LEVEL: &str = "    ";

/// Longer lists are written one entry per line, as rustfmt does.
const ONE_LINE_LIST: usize = 60;

/// The text of the file with the migration modules declared behind the last declared module and
/// listed behind the last entry. Modules that are declared or listed already are left alone.
pub(crate) fn register(source: &MigratorSource, names: &[&str]) -> Result<String, NotRegistrable> {
    let declare: Vec<_> = missing(names, |name| source.declares(name));
    let list: Vec<_> = missing(names, |name| source.lists(name))
        .into_iter()
        .map(entry)
        .collect();
    let mut edits = declaration(source, &declare);
    edits.extend(listing(&source.text, &source.list, &list));
    let text = apply(&source.text, edits);
    verify(source, &text, &declare, &list)?;
    Ok(text)
}

fn missing<'a>(names: &[&'a str], present: impl Fn(&str) -> bool) -> Vec<&'a str> {
    names
        .iter()
        .copied()
        .filter(|name| !present(name))
        .collect()
}

fn entry(name: &str) -> String {
    format!("Box::new({name}::Migration)")
}

fn declaration(source: &MigratorSource, names: &[&str]) -> Vec<Edit> {
    if names.is_empty() {
        return Vec::new();
    }
    let text = &source.text;
    let eol = line_break(text);
    let is_migration = |name: &str| crate::migration::version::stamp(name).is_some();
    let last = source
        .modules
        .iter()
        .rfind(|module| is_migration(&module.name))
        .or(source.modules.last());
    let keyword = match last {
        Some(module) if module.public => "pub mod",
        _ => "mod",
    };
    let lines: String = names
        .iter()
        .map(|name| format!("{keyword} {name};{eol}"))
        .collect();
    let edit = match (last, source.first_module) {
        (Some(module), _) => below(text, module.end, &lines, eol),
        (None, Some(end)) => below(text, end, &format!("{eol}{lines}"), eol),
        (None, None) => {
            let start = text.len() - text.trim_start_matches('\u{feff}').len();
            Edit::insert(start, format!("{lines}{eol}"))
        }
    };
    vec![edit]
}

/// Inserts lines below the line of `at`, or directly behind `at` when more code follows there.
fn below(text: &str, at: usize, lines: &str, eol: &str) -> Edit {
    let end = line_end(text, at);
    let rest = text[at..end].trim();
    if !(rest.is_empty() || rest.starts_with("//")) {
        return Edit::insert(at, format!("{eol}{}", lines.trim_end_matches(['\r', '\n'])));
    }
    if text[..end].ends_with('\n') {
        Edit::insert(end, lines)
    } else {
        Edit::insert(end, format!("{eol}{lines}"))
    }
}

fn listing(text: &str, list: &List, new: &[String]) -> Vec<Edit> {
    if new.is_empty() {
        return Vec::new();
    }
    let inside = &text[list.open_end..list.close_start];
    if inside.contains('\n') {
        append_lines(text, list, new)
    } else if inside.trim().len() + new.iter().map(|entry| entry.len() + 2).sum::<usize>()
        <= ONE_LINE_LIST
    {
        vec![append_inline(inside, list, new)]
    } else {
        one_per_line(text, list, new)
    }
}

fn append_inline(inside: &str, list: &List, new: &[String]) -> Edit {
    let padding = inside.len() - inside.trim_end().len();
    let open = list.entries.len() > list.commas.len();
    let lead = match (open, inside.trim().is_empty()) {
        (true, _) => ", ",
        (false, false) => " ",
        (false, true) => "",
    };
    let at = list.close_start - padding;
    Edit::insert(at, format!("{lead}{}", new.join(", ")))
}

/// Adds lines to a list that already has several, in front of the closing bracket.
fn append_lines(text: &str, list: &List, new: &[String]) -> Vec<Edit> {
    let eol = line_break(text);
    let base = indent(text, list.close_start);
    let own_line = starts_line(text, list.close_start);
    let deeper = match list.entries.last() {
        Some(last) if starts_line(text, last.start) => indent(text, last.start).to_owned(),
        _ => format!("{base}{}", level(base)),
    };
    let mut edits = Vec::new();
    if let Some(last) = list.entries.get(list.commas.len()) {
        edits.push(Edit::insert(last.end, ","));
    }
    if own_line {
        let lines: String = new
            .iter()
            .map(|entry| format!("{deeper}{entry},{eol}"))
            .collect();
        edits.push(Edit::insert(line_start(text, list.close_start), lines));
    } else {
        let lines: Vec<_> = new
            .iter()
            .map(|entry| format!("{eol}{deeper}{entry}"))
            .collect();
        edits.push(Edit::insert(list.close_start, lines.join(",")));
    }
    edits
}

/// Breaks a list that stands on one line, so that no line grows without bound.
fn one_per_line(text: &str, list: &List, new: &[String]) -> Vec<Edit> {
    let eol = line_break(text);
    let base = indent(text, list.open_end);
    let deeper = format!("{eol}{base}{}", level(base));
    let inside = &text[list.open_end..list.close_start];
    let lead = inside.len() - inside.trim_start().len();
    let padding = inside.trim_start().len() - inside.trim().len();

    let mut tail = String::new();
    if list.entries.len() > list.commas.len() {
        tail.push(',');
    }
    for entry in new {
        tail.push_str(&format!("{deeper}{entry},"));
    }
    tail.push_str(&format!("{eol}{base}"));
    let tail = Edit {
        range: list.close_start - padding..list.close_start,
        text: tail,
    };
    if inside.trim().is_empty() {
        return vec![Edit {
            range: list.open_end..list.close_start,
            ..tail
        }];
    }
    let mut edits = vec![Edit {
        range: list.open_end..list.open_end + lead,
        text: deeper.clone(),
    }];
    // A comma that ends the list has nothing behind it to move down.
    for comma in list
        .commas
        .iter()
        .take(list.entries.len().saturating_sub(1))
    {
        let rest = &text[comma.end..list.close_start];
        let gap = rest.len() - rest.trim_start().len();
        edits.push(Edit {
            range: comma.end..comma.end + gap,
            text: deeper.clone(),
        });
    }
    edits.push(tail);
    edits
}

fn level(base: &str) -> &'static str {
    if base.contains('\t') { "\t" } else { LEVEL }
}

/// A file that parses is no proof: the inside of `vec![…]` is tokens to the compiler's grammar.
fn verify(
    before: &MigratorSource,
    text: &str,
    declared: &[&str],
    listed: &[String],
) -> Result<(), NotRegistrable> {
    let after = MigratorSource::parse(text).map_err(|_| NotRegistrable::Mangled)?;
    let mut entries = before.entries.clone();
    for entry in listed {
        entries.push(syn::parse_str(entry)?);
    }
    let names = |source: &MigratorSource| -> Vec<String> {
        let mut names: Vec<_> = source.module_names().map(str::to_owned).collect();
        names.sort();
        names
    };
    let mut modules = names(before);
    modules.extend(declared.iter().map(|&name| name.to_owned()));
    modules.sort();
    if after.entries == entries && names(&after) == modules {
        Ok(())
    } else {
        Err(NotRegistrable::Mangled)
    }
}

#[cfg(test)]
mod tests;
