//! `#[experiment]`: beside a function stands a type of the same name.

mod check;
mod expand;
mod model;

use proc_macro2::TokenStream;

use crate::support::errors::Errors;
use crate::support::items::item_and_errors;

/// Runs the three steps; the user's function stays as it is.
pub(crate) fn expand(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let Some(mut experiment) = model::Experiment::parse(options, item.clone(), &mut errors) else {
        return item_and_errors(item, errors);
    };
    check::check(&mut experiment, &mut errors);
    let mut tokens = expand::expand(&experiment);
    tokens.extend(errors.into_compile_errors());
    tokens
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    #[test]
    fn an_experiment_expands_to_a_type_beside_the_function() {
        let item = quote! {
            /// Activity of a random network.
            pub fn activity(p: &Params, network: &Network, run: &mut Run) -> Result<f64, Unstable> {
                simulate(p, network, run)
            }
        };
        let options = quote!(
            explore = sizes,
            prepare = Network::build,
            finish = summarize,
            result = "rate",
            shared_arrays = maps
        );
        insta::assert_snapshot!(crate::pretty(expand(options, item)));
    }
}
