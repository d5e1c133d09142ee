package dev.strata.udfs.tools;

import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataException.Fault;

/**
 * What one check of a machine found.
 *
 * @param subject what was looked at, one word
 * @param text what was found, and after a failure the way out
 * @param fault whose move it is after a failure; null for all else
 */
public record Finding(Status status, String subject, String text, Fault fault) {

  /** How it stands. */
  public enum Status {
    /** As it should be. */
    OK,
    /** A run works, but perhaps not as it could. */
    WARNING,
    /** A run would fail. */
    FAILED
  }

  static Finding ok(String subject, String text) {
    return new Finding(Status.OK, subject, text, null);
  }

  static Finding warning(String subject, String text) {
    return new Finding(Status.WARNING, subject, text, null);
  }

  static Finding failed(String subject, Fault fault, String text) {
    return new Finding(Status.FAILED, subject, text, fault);
  }

  static Finding failed(String subject, StrataException e) {
    return failed(subject, e.fault(), e.getMessage());
  }
}
