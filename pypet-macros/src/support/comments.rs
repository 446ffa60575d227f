//! Doc comments become the comments in the file.

use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// The doc comment of an item: its lines joined by a space, its paragraphs by a line break.
pub(crate) fn comment(attributes: &[Attribute]) -> String {
    let lines: Vec<String> = attributes.iter().filter_map(doc_text).collect();
    let text = lines.join("\n");
    let paragraphs = text.split("\n\n").map(words_of_lines).filter(|p| !p.is_empty());
    paragraphs.collect::<Vec<_>>().join("\n")
}

/// The doc attributes of an item, to be repeated on what is generated beside it.
pub(crate) fn docs(attributes: &[Attribute]) -> Vec<Attribute> {
    attributes.iter().filter(|attribute| attribute.path().is_ident("doc")).cloned().collect()
}

fn doc_text(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(doc) = &attribute.meta else { return None };
    let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &doc.value else { return None };
    let lines: Vec<String> = text.value().lines().map(|line| line.trim().to_owned()).collect();
    doc.path.is_ident("doc").then(|| lines.join("\n"))
}

fn words_of_lines(paragraph: &str) -> String {
    paragraph.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use syn::{ItemStruct, parse_quote};

    use super::*;

    #[test]
    fn lines_are_joined_and_paragraphs_kept() {
        let item: ItemStruct = parse_quote! {
            /// Membrane potential
            /// at the start.
            ///
            /// In millivolts.
            #[derive(Clone)]
            struct Cell;
        };
        assert_eq!(comment(&item.attrs), "Membrane potential at the start.\nIn millivolts.");
    }

    #[test]
    fn a_block_comment_reads_like_lines() {
        let item: ItemStruct = parse_quote! {
            #[doc = "\n  One\n  two.\n\n  Three.\n"]
            struct Cell;
        };
        assert_eq!(comment(&item.attrs), "One two.\nThree.");
    }
}
