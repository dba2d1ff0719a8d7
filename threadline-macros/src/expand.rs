use proc_macro2::TokenStream;
use quote::quote;

use crate::syntax::{CaptureLevel, ColumnRef, ContextMode, EntitySyntax, TruncateMode};

/// The implementation of `Audited` and the entry in the registry.
pub(crate) fn audited(entity: &EntitySyntax) -> TokenStream {
    let table = &entity.entity;
    let settings = settings(entity);
    quote! {
        const _: () = {
            type __Column = <#table as ::threadline::__private::sea_orm::EntityTrait>::Column;

            #[automatically_derived]
            #[allow(clippy::needless_update)]
            impl ::threadline::Audited for #table {
                fn policy() -> ::threadline::CapturePolicy {
                    ::threadline::CapturePolicy {
                        #(#settings,)*
                        ..::core::default::Default::default()
                    }
                }
            }

            ::threadline::__private::inventory::submit! {
                ::threadline::audited::AuditedEntity::of::<#table>(::core::module_path!())
            }
        };
    }
}

/// The fields of the policy that differ from the default.
fn settings(entity: &EntitySyntax) -> Vec<TokenStream> {
    let policy = quote!(::threadline::policy);
    let mut settings = Vec::new();
    let lists = [
        (quote!(exclude), &entity.exclude),
        (quote!(mask), &entity.mask),
        (quote!(except), &entity.except),
    ];
    for (word, columns) in lists {
        if !columns.is_empty() {
            let names = columns.iter().map(name);
            settings.push(quote!(#word: ::std::vec![#(#names),*]));
        }
    }
    if !entity.store_changed_from {
        settings.push(quote!(store_changed_from: false));
    }
    if let Some(key) = &entity.primary_key {
        let names = key.iter().map(name);
        settings.push(quote!(primary_key: ::core::option::Option::Some(::std::vec![#(#names),*])));
    }
    match entity.context {
        ContextMode::Allow => {}
        ContextMode::Warn => settings.push(quote!(context: #policy::ContextMode::Warn)),
        ContextMode::Require => settings.push(quote!(context: #policy::ContextMode::Require)),
    }
    match entity.truncate {
        TruncateMode::Record => {}
        TruncateMode::Refuse => settings.push(quote!(truncate: #policy::TruncateMode::Refuse)),
        TruncateMode::Rows => settings.push(quote!(truncate: #policy::TruncateMode::Rows)),
    }
    match entity.capture {
        CaptureLevel::Row => {}
        CaptureLevel::Statement => {
            settings.push(quote!(capture: #policy::CaptureLevel::Statement));
        }
    }
    settings
}

/// The name of a column as a `String`. That of a field is asked of SeaORM at run time, so that it
/// is right wherever the name was given.
fn name(column: &ColumnRef) -> TokenStream {
    match &column.variant {
        Some(variant) => quote! {
            ::std::string::String::from(
                <__Column as ::threadline::__private::sea_orm::IdenStatic>::as_str(
                    &__Column::#variant,
                ),
            )
        },
        None => {
            let name = &column.name;
            quote!(::std::string::String::from(#name))
        }
    }
}
