//! The items that macros are put on.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::punctuated::Punctuated;
use syn::{Attribute, Field, Fields, Item, ItemStruct, Path, Token};

use super::errors::Errors;

/// What a macro leaves behind when the item cannot be understood: the item as it is, and the mistakes.
pub(crate) fn item_and_errors(item: TokenStream, errors: Errors) -> TokenStream {
    let errors = errors.into_compile_errors();
    let mut tokens = without_helper_attributes(item);
    tokens.extend(errors);
    tokens
}

/// Removes `#[param]` and `#[result]` from the fields, since no attribute macro has these names.
fn without_helper_attributes(item: TokenStream) -> TokenStream {
    let Ok(mut parsed) = syn::parse2::<Item>(item.clone()) else { return item };
    let is_helper =
        |attribute: &syn::Attribute| attribute.path().is_ident("param") || attribute.path().is_ident("result");
    let strip = |fields: &mut syn::Fields| fields.iter_mut().for_each(|field| field.attrs.retain(|a| !is_helper(a)));
    match &mut parsed {
        Item::Struct(item) => strip(&mut item.fields),
        Item::Enum(item) => item.variants.iter_mut().for_each(|variant| {
            variant.attrs.retain(|a| !is_helper(a));
            strip(&mut variant.fields);
        }),
        Item::Union(item) => item.fields.named.iter_mut().for_each(|field| field.attrs.retain(|a| !is_helper(a))),
        _ => {}
    }
    parsed.into_token_stream()
}

/// The struct that `#[parameters]` and `#[results]` go on.
pub(crate) fn struct_with_named_fields(item: TokenStream, attribute: &str, errors: &mut Errors) -> Option<ItemStruct> {
    match errors.take(syn::parse2(item))? {
        Item::Struct(item) if matches!(item.fields, Fields::Named(_)) => {
            if item.generics.params.is_empty() {
                return Some(item);
            }
            let message =
                format_args!("`#[{attribute}]` goes on a struct without generic parameters; write the types out");
            errors.at(&item.generics, message);
        }
        other => errors.at(head(&other), format_args!("`#[{attribute}]` goes on a struct with named fields")),
    }
    None
}

/// Refuses fields that are sometimes there, since every file of one experiment has the same names.
pub(crate) fn without_cfg(field: &mut Field, errors: &mut Errors) {
    let conditions: Vec<Attribute> = field.attrs.extract_if(.., |attribute| attribute.path().is_ident("cfg")).collect();
    for condition in conditions {
        errors.at(condition, "a field of a set is always there; put `#[cfg(…)]` on the whole struct");
    }
}

/// The tokens of an item that a message about its kind stands under: `enum Method`, `fn simulate`.
pub(crate) fn head(item: &Item) -> TokenStream {
    match item {
        Item::Struct(item) => {
            let (keyword, ident) = (&item.struct_token, &item.ident);
            quote!(#keyword #ident)
        }
        Item::Enum(item) => {
            let (keyword, ident) = (&item.enum_token, &item.ident);
            quote!(#keyword #ident)
        }
        Item::Union(item) => {
            let (keyword, ident) = (&item.union_token, &item.ident);
            quote!(#keyword #ident)
        }
        Item::Fn(item) => {
            let (keyword, ident) = (&item.sig.fn_token, &item.sig.ident);
            quote!(#keyword #ident)
        }
        other => other.to_token_stream(),
    }
}

/// The traits in the `#[derive(…)]` attributes of an item.
pub(crate) fn derived_traits(attributes: &[Attribute]) -> impl Iterator<Item = Path> {
    let derives = attributes.iter().filter(|attribute| attribute.path().is_ident("derive"));
    let traits = |derive: &Attribute| derive.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated);
    derives.filter_map(move |derive| traits(derive).ok()).flatten()
}
