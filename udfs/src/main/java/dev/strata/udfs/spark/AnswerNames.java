package dev.strata.udfs.spark;

import java.io.Serializable;

/**
 * The names of an answer's columns.
 *
 * @param error of the column that says why there is none; null for no such column
 */
record AnswerNames(String answer, String error) implements Serializable {}
