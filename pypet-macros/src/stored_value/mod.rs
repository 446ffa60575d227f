//! `#[derive(ParamValue)]` and `#[derive(ResultValue)]`: a type of the user's is stored as another type.

mod expand;
mod model;

use proc_macro2::TokenStream;
use syn::DeriveInput;

pub(crate) use model::{Kind, has_options};

use crate::support::errors::Errors;

/// Reads and writes; the model refuses what has no way to be stored.
pub(crate) fn expand(item: DeriveInput, kind: Kind) -> TokenStream {
    let mut errors = Errors::default();
    let value = model::StoredValue::parse(item, kind, &mut errors);
    let mut tokens = value.map(|value| expand::expand(&value)).unwrap_or_default();
    tokens.extend(errors.into_compile_errors());
    tokens
}

/// `#[derive(ResultValue)]`.
pub(crate) fn expand_result(item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    match errors.take(syn::parse2(item)) {
        Some(item) => expand(item, Kind::Result),
        None => errors.into_compile_errors(),
    }
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    fn messages(item: TokenStream, kind: Kind) -> Vec<String> {
        let mut errors = Errors::default();
        model::StoredValue::parse(syn::parse2(item).expect("a type"), kind, &mut errors);
        errors.messages()
    }

    #[test]
    fn a_wrapper_expands_to_what_it_is_stored_as() {
        let item = quote! {
            #[param(as = f64)]
            struct Celsius {
                degrees: f64,
            }
        };
        let item = syn::parse2(item).unwrap();
        insta::assert_snapshot!(crate::pretty(expand(item, Kind::Parameter)));
    }

    #[test]
    fn a_type_says_how_it_is_stored() {
        let ways = [
            quote!(
                struct Celsius(f64);
            ),
            quote!(
                #[param(as = Vec<f64>)]
                struct Celsius {
                    degrees: f64,
                }
            ),
            quote!(
                #[param(serde)]
                enum Stimulus {
                    Step(f64),
                    Ramp { from: f64, to: f64 },
                }
            ),
            quote!(
                #[param(serde = "cbor")]
                struct Network {
                    size: usize,
                }
            ),
        ];
        for way in ways {
            assert_eq!(messages(way, Kind::Parameter), [""; 0]);
        }
        let named = messages(
            quote!(
                struct Network {
                    size: usize,
                }
            ),
            Kind::Parameter,
        );
        assert!(named[0].starts_with("say how `Network` is stored: `#[param(serde)]`"), "{named:?}");
        let choice = messages(
            quote!(
                enum Method {
                    Euler,
                }
            ),
            Kind::Result,
        );
        assert!(choice[0].contains("derive `ParamValue`"), "{choice:?}");
        let both = messages(
            quote!(
                #[result(serde, as = f64)]
                struct Celsius(f64);
            ),
            Kind::Result,
        );
        assert_eq!(both, ["`Celsius` is stored by serde or as another type; keep one of the options"]);
        let format = messages(
            quote!(
                #[result(serde = "xml")]
                struct Celsius(f64);
            ),
            Kind::Result,
        );
        assert!(format[0].contains("`\"json\"`"), "{format:?}");
        assert!(
            messages(
                quote!(
                    struct Celsius<T>(T);
                ),
                Kind::Result
            )[0]
            .contains("generic")
        );
    }
}
