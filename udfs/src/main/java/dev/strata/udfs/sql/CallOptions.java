package dev.strata.udfs.sql;

import java.io.Serializable;
import java.util.Map;
import java.util.TreeMap;

/**
 * What all rows of a call have in common.
 *
 * @param model the model's name; null for the session's
 * @param constants the values of the function's own constant arguments by their names
 */
record CallOptions(String model, OnError onError, TreeMap<String, Serializable> constants)
    implements Serializable {

  static CallOptions of(String model, Boolean failOnError, Map<String, Serializable> constants) {
    return new CallOptions(model, OnError.of(failOnError), new TreeMap<>(constants));
  }

  /** A constant's value, or null if it was not given. */
  Object constant(String name) {
    return constants.get(name);
  }
}
