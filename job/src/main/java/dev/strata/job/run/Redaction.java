package dev.strata.job.run;

/**
 * What Spark hides of a setting in its UI and logs: the value, where the key or the value says that
 * it is a secret. Spark's own expression takes every {@code maxNewTokens} for one, and the keys of
 * Azure's storage for none.
 */
final class Redaction {

  /** Spark's key for the expression, which it looks for in keys and in values. */
  static final String KEY = "spark.redaction.regex";

  /** A key of Strata's is never a secret's, its value may be one, as a JDBC address is. */
  private static final String NO_KEY_OF_OURS = "^(?!spark[.]strata[.])";

  /** Beyond Spark's own: storage keys, signatures and tokens of Azure, S3, GCS, OSS and hubs. */
  static final String EXPRESSION =
      "(?is)"
          + NO_KEY_OF_OURS
          + ".*(?:"
          + String.join(
              "|",
              "secret",
              "passw(?:or)?d",
              "passphrase",
              "[^a-z]pwd(?:=|$)",
              "token(?!i[sz])", // tokenizers are none
              "(?:access|account|api|private)[._-]?key",
              "[._-]key(?![a-z])",
              "[._]sas(?![a-z])",
              "[?&]sig=",
              "://[^/@\\s]*:[^/@\\s]+@",
              "AKIA[0-9A-Z]{16}",
              "hf_[a-z0-9]{20}")
          + ")";

  private Redaction() {}
}
