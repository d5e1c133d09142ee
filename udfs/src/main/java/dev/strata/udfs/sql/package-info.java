/**
 * SQL functions that ask a model. A call is an expression that is never evaluated by itself; rules
 * move it out of its operator into a node of its own, which asks for all rows of a partition at
 * once.
 *
 * <p>An aggregate that asks is planned likewise: its rows come in by groups, go to a temporary
 * file, and their texts are packed into prompts as they come. Prompts of all groups are asked in
 * levels, the notes of one level being the texts of the next, until each group has one prompt,
 * whose answer goes to the first row of the group. An ordinary aggregate above takes it from there,
 * beside whatever else it computes.
 *
 * <p>May import: {@code api}, {@code live}, {@code lock}, {@code spark}, {@code text}.
 */
package dev.strata.udfs.sql;
