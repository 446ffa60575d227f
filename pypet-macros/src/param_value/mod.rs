//! `#[derive(ParamValue)]`: an enum without fields becomes a value, stored as the names of its variants.

mod check;
mod expand;
mod model;

use proc_macro2::TokenStream;

use crate::support::errors::Errors;

/// Runs the three steps.
pub(crate) fn expand(item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let Some(choice) = model::Choice::parse(item, &mut errors) else {
        return errors.into_compile_errors();
    };
    check::check(&choice, &mut errors);
    let mut tokens = expand::expand(&choice);
    tokens.extend(errors.into_compile_errors());
    tokens
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
