/**
 * A small, sandboxed and bounded interpreter for the chat templates of Hugging Face models, with
 * the semantics of Python's jinja2.
 *
 * <p>May import: nothing of Strata.
 */
package dev.strata.udfs.jinja;
