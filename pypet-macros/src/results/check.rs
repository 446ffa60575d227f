//! The rules of result sets.

use std::collections::HashSet;

use syn::{Expr, ExprLit, Lit, LitInt};

use super::model::{ResultField, ResultSet};
use crate::support::errors::Errors;
use crate::support::names::{plain, unique_aliases};

pub(crate) fn check(set: &mut ResultSet, errors: &mut Errors) {
    aliases_are_unique(set, errors);
    for result in &mut set.results {
        serde_has_no_dims(result, errors);
        group_has_no_options(result, errors);
        dims_are_a_list_of_names(result, errors);
        dims_have_names_of_their_own(result, errors);
        compress_is_a_level(result, errors);
    }
}

fn aliases_are_unique(set: &mut ResultSet, errors: &mut Errors) {
    let mut names: HashSet<String> = set.results.iter().map(|result| plain(&result.ident)).collect();
    for result in &mut set.results {
        unique_aliases(&result.ident, &mut result.aliases, "result", &mut names, errors);
    }
}

fn serde_has_no_dims(result: &mut ResultField, errors: &mut Errors) {
    if let (Some(serde), Some(dims)) = (&result.serde, &result.dims) {
        let message =
            format_args!("`{}` is stored by `{}` as one text; remove its `dims`", result.ident, serde.option());
        errors.at(&dims.name, message);
        result.dims = None;
    }
}

fn group_has_no_options(result: &mut ResultField, errors: &mut Errors) {
    let Some(group) = &result.group else { return };
    if result.unit.is_some() || result.dims.is_some() || result.compress.is_some() || result.serde.is_some() {
        let message = format_args!(
            "`{}` is a group, whose members say what they are; remove `unit`, `dims`, `compress` and `serde`",
            result.ident
        );
        errors.at(group, message);
        (result.unit, result.dims, result.compress, result.serde) = (None, None, None, None);
    }
}

fn dims_are_a_list_of_names(result: &mut ResultField, errors: &mut Errors) {
    let is_name = |name: &Expr| matches!(name, Expr::Lit(ExprLit { lit: Lit::Str(_), .. }));
    result.dims.take_if(|dims| match &dims.value {
        Expr::Array(list) if list.elems.iter().all(is_name) => false,
        other => {
            errors.at(other, "`dims` is a list of names, outermost first; write `dims = [\"time\"]`");
            true
        }
    });
}

fn dims_have_names_of_their_own(result: &ResultField, errors: &mut Errors) {
    let Some(Expr::Array(list)) = result.dims.as_ref().map(|dims| &dims.value) else { return };
    let mut names = HashSet::new();
    for name in &list.elems {
        if let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = name
            && !names.insert(text.value())
        {
            let message =
                format_args!("two dimensions of `{}` are named {}; rename one of them", result.ident, text.token());
            errors.at(name, message);
        }
    }
}

fn compress_is_a_level(result: &mut ResultField, errors: &mut Errors) {
    let is_level = |number: &LitInt| number.base10_parse::<u8>().is_ok_and(|level| level <= 9);
    result.compress.take_if(|compress| match &compress.value {
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) if is_level(number) => false,
        other => {
            errors.at(other, "`compress` is a level from 1 (fast) to 9 (small), or 0 for never; write `compress = 4`");
            true
        }
    });
}

#[cfg(test)]
mod tests {
    use proc_macro2::TokenStream;
    use quote::quote;

    use super::*;

    fn messages(item: TokenStream) -> Vec<String> {
        let mut errors = Errors::default();
        if let Some(mut set) = ResultSet::parse(TokenStream::new(), item, &mut errors) {
            check(&mut set, &mut errors);
        }
        errors.messages()
    }

    #[test]
    fn every_mistake_of_a_result_set_is_told() {
        let set = quote! {
            struct Firing {
                #[result(dims = "time")] v: Array1<f64>,
                #[result(dims = ["x", "x"])] map: Array2<f64>,
                #[result(units = "Hz")] rate: f64,
                #[result(compress = 10)] trace: Vec<f64>,
                rate: f64,
                #[result(alias = "v", alias = "firing", alias = "n")] n: u64,
                #[result(alias = "firing", alias = "layer.rate")] mean: f64,
                #[result(group, alias = "layer")] network: Network,
            }
        };
        assert_eq!(
            messages(set),
            [
                "there is no option `units`; the options are `unit`, `dims`, `compress`, `alias`, `serde` and `group`",
                "result `rate` is declared twice; rename one of them",
                "`v` already names a result of this set; choose another alias",
                "`firing` already names a result of this set; choose another alias",
                "`dims` is a list of names, outermost first; write `dims = [\"time\"]`",
                "two dimensions of `map` are named \"x\"; rename one of them",
                "`compress` is a level from 1 (fast) to 9 (small), or 0 for never; write `compress = 4`",
            ]
        );
    }

    #[test]
    fn only_structs_with_named_fields_are_sets() {
        assert_eq!(
            messages(quote!(
                struct Rate(f64);
            )),
            ["`#[results]` goes on a struct with named fields"]
        );
    }
}
