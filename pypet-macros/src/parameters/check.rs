//! The rules of parameter sets, one small function each.
//!
//! What breaks a rule and could not be compiled is taken out of the set, so that the compiler has nothing to add.

use std::cmp::Ordering;
use std::collections::HashSet;

use proc_macro2::Ident;
use syn::{Expr, ExprArray};

use super::derived::{SelfUse, self_uses};
use super::literal::{Literal, holds, is_empty, text};
use super::model::{Parameter, ParameterSet};
use crate::support::errors::Errors;
use crate::support::names::{plain, quoted_list, unique_aliases};

pub(crate) fn check(set: &mut ParameterSet, errors: &mut Errors) {
    default_is_not_derived_by_std(set, errors);
    aliases_are_unique(set, errors);
    let names: Vec<Ident> = set.members.iter().map(|member| member.ident.clone()).collect();
    for (position, member) in set.members.iter_mut().enumerate() {
        let ident = member.ident.clone();
        let Some(parameter) = member.parameter_mut() else { continue };
        has_one_value(&ident, parameter, errors);
        derived_has_no_limits(&ident, parameter, errors);
        serde_has_no_limits(&ident, parameter, errors);
        group_has_no_options(&ident, parameter, errors);
        has_one_limit(&ident, parameter, errors);
        constants_use_no_parameters(&ident, parameter, errors);
        limits_are_ranges_and_lists(&ident, parameter, errors);
        default_is_within_limits(&ident, parameter, errors);
        derived_uses_parameters_above(position, &names, parameter, errors);
    }
}

fn default_is_not_derived_by_std(set: &ParameterSet, errors: &mut Errors) {
    if let Some(path) = set.derived("Default") {
        errors.at(path, "`#[parameters]` makes `Default` from the declared defaults; remove it from `#[derive]`");
    }
}

fn aliases_are_unique(set: &mut ParameterSet, errors: &mut Errors) {
    let mut names: HashSet<String> = set.members.iter().map(|member| plain(&member.ident)).collect();
    for member in &mut set.members {
        let ident = member.ident.clone();
        let Some(parameter) = member.parameter_mut() else { continue };
        unique_aliases(&ident, &mut parameter.aliases, "parameter", &mut names, errors);
    }
}

fn has_one_value(ident: &Ident, parameter: &mut Parameter, errors: &mut Errors) {
    if !parameter.has_value {
        errors.at(ident, format_args!("parameter `{ident}` has no value; add `#[param(default = …)]`"));
    }
    if parameter.default.is_some()
        && let Some(derived) = parameter.derived.take()
    {
        let message = format_args!("`{ident}` has a default and is derived; keep one of them");
        errors.at(derived.name, message);
    }
}

fn derived_has_no_limits(ident: &Ident, parameter: &mut Parameter, errors: &mut Errors) {
    if parameter.derived.is_none() {
        return;
    }
    for limit in [parameter.range.take(), parameter.choices.take()].into_iter().flatten() {
        let option = &limit.name;
        let message = format_args!("`{ident}` is derived, so nobody sets it; remove its `{option}`");
        errors.at(option, message);
    }
}

fn serde_has_no_limits(ident: &Ident, parameter: &mut Parameter, errors: &mut Errors) {
    let Some(serde) = &parameter.serde else { return };
    for limit in [parameter.range.take(), parameter.choices.take()].into_iter().flatten() {
        let (serde, option) = (serde.option(), &limit.name);
        let message = format_args!("`{ident}` is stored by `{serde}`, which knows no limits; remove its `{option}`");
        errors.at(option, message);
    }
}

fn group_has_no_options(ident: &Ident, parameter: &mut Parameter, errors: &mut Errors) {
    let Some(group) = &parameter.group else { return };
    let is_given = parameter.range.is_some() || parameter.choices.is_some();
    if is_given || parameter.unit.is_some() || parameter.serde.is_some() {
        let message =
            format_args!("`{ident}` is a group, whose members say what they are; remove `unit`, limits and `serde`");
        errors.at(group, message);
        (parameter.range, parameter.choices, parameter.unit, parameter.serde) = (None, None, None, None);
    }
}

fn has_one_limit(ident: &Ident, parameter: &mut Parameter, errors: &mut Errors) {
    if parameter.range.is_some()
        && let Some(choices) = parameter.choices.take()
    {
        errors.at(choices.name, format_args!("`{ident}` has a range and choices; keep one of them"));
    }
}

fn constants_use_no_parameters(ident: &Ident, parameter: &mut Parameter, errors: &mut Errors) {
    let mut is_constant = |value: &Expr, what: &str, way_out: &str| {
        let Some(SelfUse::Field(found) | SelfUse::Alone(found)) = self_uses(value).into_iter().next() else {
            return true;
        };
        errors.at(found, format_args!("the {what} of `{ident}` cannot use other parameters{way_out}"));
        false
    };
    parameter.default.take_if(|default| !is_constant(default, "default", "; write `derived = …`"));
    parameter.range.take_if(|range| !is_constant(&range.value, "range", ""));
    parameter.choices.take_if(|choices| !is_constant(&choices.value, "choices", ""));
}

fn limits_are_ranges_and_lists(ident: &Ident, parameter: &mut Parameter, errors: &mut Errors) {
    parameter.range.take_if(|range| match &range.value {
        Expr::Range(ends) if is_empty(ends) => {
            let message = format_args!("the range {} of `{ident}` is empty", text(&range.value));
            errors.at(&range.value, message);
            true
        }
        Expr::Range(_) => false,
        other => {
            errors.at(other, format_args!("the range of `{ident}` has ends; write `range = a..=b`"));
            true
        }
    });
    parameter.choices.take_if(|choices| match &choices.value {
        Expr::Array(list) if !list.elems.is_empty() => false,
        other => {
            errors.at(other, format_args!("the choices of `{ident}` are a list; write `choices = [a, b]`"));
            true
        }
    });
}

fn default_is_within_limits(ident: &Ident, parameter: &Parameter, errors: &mut Errors) {
    let Some(default) = &parameter.default else { return };
    let Some(value) = Literal::of(default) else { return };
    let shown = text(default);
    if let Some(Expr::Range(range)) = parameter.range.as_ref().map(|range| &range.value)
        && holds(range, &value) == Some(false)
    {
        let range = text(&Expr::Range(range.clone()));
        errors.at(default, format_args!("`{ident}` has default {shown} outside its range {range}"));
    }
    if let Some(Expr::Array(choices)) = parameter.choices.as_ref().map(|choices| &choices.value)
        && is_none_of(choices, &value)
    {
        let choices: Vec<String> = choices.elems.iter().map(text).collect();
        let choices = choices.join(", ");
        errors.at(default, format_args!("`{ident}` has default {shown}, which is none of its choices {choices}"));
    }
}

/// Whether all choices are literals of the value's kind, and all differ from it.
fn is_none_of(choices: &ExprArray, value: &Literal) -> bool {
    let differs =
        |choice: &Expr| Literal::of(choice).and_then(|choice| choice.partial_cmp(value)).is_some_and(Ordering::is_ne);
    choices.elems.iter().all(differs)
}

fn derived_uses_parameters_above(position: usize, names: &[Ident], parameter: &mut Parameter, errors: &mut Errors) {
    let Some(derived) = &parameter.derived else { return };
    let (above, from_here) = names.split_at(position);
    let ident = &names[position];
    let mut told = HashSet::new();
    for found in self_uses(&derived.value) {
        let (found, message) = match found {
            SelfUse::Field(field) if above.contains(&field) => continue,
            SelfUse::Field(field) if field == *ident => (field, format!("`{ident}` is derived from itself")),
            SelfUse::Field(field) if from_here.contains(&field) => {
                let message =
                    format!("`{ident}` is derived from `{field}`, which is declared below it; move `{field}` up");
                (field, message)
            }
            SelfUse::Field(field) => {
                let message = format!("there is no parameter `{field}` above `{ident}`{}", there_is(above));
                (field, message)
            }
            SelfUse::Alone(alone) => {
                let message =
                    format!("`{ident}` is derived from single parameters; name them: `self.…`{}", there_is(above));
                (alone, message)
            }
        };
        if told.insert(found.to_string()) {
            errors.at(found, message);
        }
    }
    if !told.is_empty() {
        parameter.derived = None;
    }
}

fn there_is(above: &[Ident]) -> String {
    let names: Vec<String> = above.iter().map(ToString::to_string).collect();
    match names.as_slice() {
        [] => String::new(),
        [only] => format!("; there is `{only}`"),
        several => format!("; there are {}", quoted_list(several)),
    }
}

#[cfg(test)]
mod tests {
    use proc_macro2::TokenStream;
    use quote::quote;

    use super::*;

    fn messages(fields: &TokenStream) -> Vec<String> {
        let mut errors = Errors::default();
        let item = quote!(struct Cell { #fields });
        if let Some(mut set) = ParameterSet::parse(TokenStream::new(), item, &mut errors) {
            check(&mut set, &mut errors);
        }
        errors.messages()
    }

    #[test]
    fn a_parameter_has_one_value() {
        assert_eq!(
            messages(&quote! {
                tau: f64,
                #[param(unit = "ms")] dt: f64,
                #[param(default = 1, derived = 2)] n: usize,
                neuron: Neuron,
            }),
            [
                "parameter `tau` has no value; add `#[param(default = …)]`",
                "parameter `dt` has no value; add `#[param(default = …)]`",
                "`n` has a default and is derived; keep one of them",
            ]
        );
    }

    #[test]
    fn an_unreadable_option_is_the_only_mistake() {
        let misspelt = messages(&quote!(#[param(defualt = 1.0)] tau: f64));
        assert_eq!(misspelt.len(), 1);
        assert!(misspelt[0].starts_with("there is no option `defualt`; the options are `default`"));
        assert_eq!(messages(&quote!(#[param(default = )] tau: f64)).len(), 1);
    }

    #[test]
    fn a_default_is_within_its_limits() {
        assert_eq!(
            messages(&quote! {
                #[param(default = 3.0, range = 0.0..=2.0)] i: f64,
                #[param(default = -1, range = 0..)] n: i32,
                #[param(default = "rk5", choices = ["euler", "rk4"])] method: String,
                #[param(default = 1, range = 5..2)] empty: i32,
            }),
            [
                "`i` has default 3.0 outside its range 0.0..=2.0",
                "`n` has default -1 outside its range 0..",
                "`method` has default \"rk5\", which is none of its choices \"euler\", \"rk4\"",
                "the range 5..2 of `empty` is empty",
            ]
        );
        assert!(messages(&quote!(#[param(default = 2.0, range = 0.0..=2.0)] i: f64)).is_empty());
        assert!(messages(&quote!(#[param(default = ZERO, range = 1.0..=MAX)] i: f64)).is_empty());
    }

    #[test]
    fn limits_are_for_what_can_be_set() {
        assert_eq!(
            messages(&quote! {
                #[param(derived = 3, range = 0..5)] n: i32,
                #[param(default = 1, range = 0..5, choices = [1])] k: i32,
                #[param(default = 1, range = LIMITS, choices = [])] m: i32,
                #[param(default = 1, choices = ALL)] l: i32,
            }),
            [
                "`n` is derived, so nobody sets it; remove its `range`",
                "`k` has a range and choices; keep one of them",
                "`m` has a range and choices; keep one of them",
                "the range of `m` has ends; write `range = a..=b`",
                "the choices of `l` are a list; write `choices = [a, b]`",
            ]
        );
    }

    #[test]
    fn a_derived_parameter_uses_those_above() {
        assert_eq!(
            messages(&quote! {
                #[param(default = 1.0)] duration: f64,
                #[param(derived = (self.duration / self.dt / self.dt) as usize)] steps: usize,
                #[param(default = 0.1)] dt: f64,
                #[param(derived = self.own + self.tau + f(self))] own: f64,
                #[param(default = self.dt)] half: f64,
            }),
            [
                "`steps` is derived from `dt`, which is declared below it; move `dt` up",
                "`own` is derived from itself",
                "there is no parameter `tau` above `own`; there are `duration`, `steps` and `dt`",
                "`own` is derived from single parameters; name them: `self.…`; there are `duration`, `steps` and `dt`",
                "the default of `half` cannot use other parameters; write `derived = …`",
            ]
        );
    }

    #[test]
    fn a_group_says_itself_what_it_is() {
        assert_eq!(
            messages(&quote! {
                #[param(group, default = CsMat::eye(3), unit = "nS")] weights: CsMat<f64>,
                #[param(group, default = CsMat::eye(3))] delays: CsMat<f64>,
            }),
            ["`weights` is a group, whose members say what they are; remove `unit`, limits and `serde`"]
        );
    }

    #[test]
    fn names_and_aliases_are_unique() {
        assert_eq!(
            messages(&quote! {
                #[param(default = 1.0, alias = "dt", alias = "tau_old")] tau: f64,
                #[param(default = 1.0, alias = "tau_old")] dt: f64,
                #[param(default = 2.0)] tau: f64,
            }),
            [
                "parameter `tau` is declared twice; rename one of them",
                "`dt` already names a parameter of this set; choose another alias",
                "`tau_old` already names a parameter of this set; choose another alias",
            ]
        );
    }

    #[test]
    fn a_field_is_always_there() {
        let message = messages(&quote!(#[cfg(unix)] #[param(default = 1.0)] tau: f64));
        assert_eq!(message, ["a field of a set is always there; put `#[cfg(…)]` on the whole struct"]);
    }

    #[test]
    fn only_structs_with_named_fields_are_sets() {
        let message = |item: TokenStream| {
            let mut errors = Errors::default();
            assert!(ParameterSet::parse(TokenStream::new(), item, &mut errors).is_none());
            errors.messages().concat()
        };
        let expected = "`#[parameters]` goes on a struct with named fields";
        assert_eq!(
            message(quote!(
                enum Method {
                    Euler,
                }
            )),
            expected
        );
        assert_eq!(
            message(quote!(
                struct Tau(f64);
            )),
            expected
        );
        assert_eq!(
            message(quote!(
                fn simulate() {}
            )),
            expected
        );
        assert!(
            message(quote!(
                struct Cell<T> {
                    tau: T,
                }
            ))
            .contains("without generic parameters")
        );
    }
}
