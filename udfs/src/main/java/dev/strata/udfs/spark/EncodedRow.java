package dev.strata.udfs.spark;

import java.util.List;

/** A row whose questions have their tokens. */
record EncodedRow(AskedRow row, List<EncodedQuestion> questions) {}
