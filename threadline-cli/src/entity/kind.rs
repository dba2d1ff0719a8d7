//! How a row image carries a column, as far as a field tells.

use syn::{
    Field, GenericArgument, Meta, PathArguments, PathSegment, Token, Type, punctuated::Punctuated,
};
use threadline::codegen::ColumnKind;

/// The kind of a field's column.
///
/// The catalogue knows better; where a field leaves any doubt it is [`ColumnKind::Other`], which
/// is captured exactly whatever it is.
pub(super) fn kind(field: &Field) -> ColumnKind {
    if changes_type(field) {
        return ColumnKind::Other;
    }
    last_segment(&field.ty).map_or(ColumnKind::Other, of_segment)
}

fn of_segment(segment: &PathSegment) -> ColumnKind {
    let argument = argument(segment);
    match (segment.ident.to_string().as_str(), argument) {
        ("Option", Some(inner)) => of_segment(inner),
        ("Vec", Some(inner)) if inner.ident == "u8" => ColumnKind::Bytea,
        (
            "String" | "bool" | "Uuid" | "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32"
            | "Date" | "NaiveDate" | "NaiveTime" | "NaiveDateTime",
            None,
        ) => ColumnKind::Plain,
        ("f32" | "f64", None) => ColumnKind::Float,
        ("Decimal" | "BigDecimal", None) => ColumnKind::Numeric,
        (
            "DateTimeUtc" | "DateTimeLocal" | "DateTimeWithTimeZone" | "ChronoDateTimeWithTimeZone"
            | "TimeDateTimeWithTimeZone" | "OffsetDateTime",
            None,
        )
        // `chrono::DateTime<Utc>`; SeaORM's own `DateTime` has no zone and no argument.
        | ("DateTime", Some(_)) => ColumnKind::Timestamptz,
        ("DateTime", None) => ColumnKind::Plain,
        _ => ColumnKind::Other,
    }
}

/// Whether an attribute says that the column has another type than the field suggests.
fn changes_type(field: &Field) -> bool {
    let list = Punctuated::<Meta, Token![,]>::parse_terminated;
    field
        .attrs
        .iter()
        .filter(|attr| attr.path().is_ident("sea_orm") || attr.path().is_ident("cfg_attr"))
        .filter_map(|attr| attr.parse_args_with(list).ok())
        .flatten()
        .any(|meta| {
            ["column_type", "select_as", "save_as", "sea_orm"]
                .iter()
                .any(|word| meta.path().is_ident(word))
        })
}

fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match ty {
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    }
}

fn argument(segment: &PathSegment) -> Option<&PathSegment> {
    match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => match arguments.args.first()? {
            GenericArgument::Type(ty) => last_segment(ty),
            _ => None,
        },
        PathArguments::None | PathArguments::Parenthesized(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use syn::parse::Parser;

    use super::*;

    #[track_caller]
    fn check(field: &str, expected: ColumnKind) {
        assert_eq!(
            kind(&Field::parse_named.parse_str(field).unwrap()),
            expected,
            "{field}"
        );
    }

    #[test]
    fn certain_types_have_their_kind_and_doubtful_ones_are_captured_exactly() {
        check("id: i32", ColumnKind::Plain);
        check("name: Option<std::string::String>", ColumnKind::Plain);
        check("f: Option<f64>", ColumnKind::Float);
        check("price: rust_decimal::Decimal", ColumnKind::Numeric);
        check("at: DateTimeUtc", ColumnKind::Timestamptz);
        check(
            "at: chrono::DateTime<chrono::FixedOffset>",
            ColumnKind::Timestamptz,
        );
        check("at: DateTime", ColumnKind::Plain);
        check("bytes: Vec<u8>", ColumnKind::Bytea);
        check("list: Vec<i32>", ColumnKind::Other);
        check("data: Json", ColumnKind::Other);
        check("mood: Mood", ColumnKind::Other);
        check("pair: (i32, i32)", ColumnKind::Other);
        check(
            "#[sea_orm(column_type = \"custom(\\\"money\\\")\")] m: String",
            ColumnKind::Other,
        );
        check(
            "#[sea_orm(select_as = \"text\")] m: String",
            ColumnKind::Other,
        );
        check("#[sea_orm(unique)] m: String", ColumnKind::Plain);
    }
}
