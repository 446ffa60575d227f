//! `#[derive(ParamValue)]`: an enum without fields becomes a value, stored as the names of its variants; other types
//! go to `stored_value`.

mod check;
mod expand;
mod model;

use proc_macro2::TokenStream;
use syn::{Data, DeriveInput, Fields};

use crate::stored_value::{self, Kind};
use crate::support::errors::Errors;

/// Runs the three steps.
pub(crate) fn expand(item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let Some(item) = errors.take(syn::parse2::<DeriveInput>(item)) else {
        return errors.into_compile_errors();
    };
    if !is_choice(&item) {
        return stored_value::expand(item, Kind::Parameter);
    }
    let Some(choice) = model::Choice::parse(item, &mut errors) else {
        return errors.into_compile_errors();
    };
    check::check(&choice, &mut errors);
    let mut tokens = expand::expand(&choice);
    tokens.extend(errors.into_compile_errors());
    tokens
}

/// Whether a type is an enum without fields that is stored by its names.
pub(crate) fn is_choice(item: &DeriveInput) -> bool {
    let Data::Enum(data) = &item.data else { return false };
    let is_unit = |variant: &syn::Variant| matches!(variant.fields, Fields::Unit);
    data.variants.iter().all(is_unit) && !stored_value::has_options(item)
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    #[test]
    fn an_enum_expands_to_its_variants_and_their_names() {
        let item = quote! {
            enum Method {
                Euler,
                #[param(rename = "rk4")]
                RungeKutta,
            }
        };
        insta::assert_snapshot!(crate::pretty(expand(item)));
    }
}
