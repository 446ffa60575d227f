//! `#[results]`: a struct becomes a result set.

mod check;
mod expand;
mod model;

use proc_macro2::TokenStream;

use crate::support::errors::Errors;
use crate::support::items::item_and_errors;

/// Runs the three steps; what is wrong is left out of what is written, so one mistake gives one message.
pub(crate) fn expand(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let Some(mut set) = model::ResultSet::parse(options, item.clone(), &mut errors) else {
        return item_and_errors(item, errors);
    };
    check::check(&mut set, &mut errors);
    let mut tokens = expand::expand(&set);
    tokens.extend(errors.into_compile_errors());
    tokens
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    #[test]
    fn a_result_set_expands_to_facts() {
        let item = quote! {
            pub struct Firing {
                /// Membrane potential.
                #[result(unit = "mV", dims = ["time"])]
                pub v: Array1<f64>,
                n_spikes: u64,
            }
        };
        insta::assert_snapshot!(crate::pretty(expand(quote!(), item)));
    }
}
