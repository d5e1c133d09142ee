package dev.strata.job.report;

import dev.strata.udfs.api.ConfKey;
import dev.strata.udfs.api.StrataKeys;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * What is hidden of settings, since it opens doors: by Spark in its UI and logs, and in what is
 * kept of a run. Spark's own expression takes every {@code maxNewTokens} for a secret, and the keys
 * of Azure's storage for none.
 */
public final class Redaction {

  /** Spark's key for the expression, which it looks for in keys and in values. */
  public static final String SPARK_KEY = "spark.redaction.regex";

  /** A key of Strata's is never a secret's, its value may be one, as a JDBC address is. */
  private static final String NO_KEY_OF_OURS = "^(?!spark[.]strata[.])";

  /** Those of AWS and of Hugging Face, by their own form. */
  private static final String TOKENS = "AKIA[0-9A-Z]{16}|hf_[a-z0-9]{20,}";

  /** Beyond Spark's own: storage keys, signatures and tokens of Azure, S3, GCS, OSS and hubs. */
  public static final String SPARK_EXPRESSION =
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
              TOKENS)
          + ")";

  private static final Pattern SPARK_SECRET = Pattern.compile(SPARK_EXPRESSION);

  private static final Pattern TOKEN = Pattern.compile("(?i)" + TOKENS);

  static final String HIDDEN = "*********(redacted)";

  /** Names of settings, and of options within their values, that hold secrets. */
  private static final String SECRET =
      "secret|passw(?:or)?d|passphrase|token|credential|access[._-]?key|account[._-]?key"
          + "|private[._-]?key|api[._-]?key|encryption[._-]?key|\\bsas\\b|\\bpwd\\b|authorization";

  private static final Pattern SECRET_NAME = Pattern.compile("(?i).*(?:" + SECRET + ").*");

  /** {@code name=value} in a list of options or in the query of an address. */
  private static final Pattern SECRET_OPTION =
      Pattern.compile("(?i)([\\w.-]*(?:" + SECRET + "|\\bsig)[\\w.-]*=)[^,&;\"]*");

  private static final Pattern USER_OF_ADDRESS = Pattern.compile("(://)[^/@\\s]+:[^/@\\s]*@");

  private Redaction() {}

  /** All settings, sorted, the secrets hidden. */
  static Map<String, String> of(Map<String, String> settings) {
    Map<String, String> shown = new TreeMap<>();
    settings.forEach((name, value) -> shown.put(name, isSecret(name) ? HIDDEN : shown(value)));
    return shown;
  }

  /** Strata's own keys are known: tokens are what they count. */
  private static boolean isSecret(String name) {
    return StrataKeys.all().stream().map(ConfKey::name).noneMatch(name::equals)
        && (SECRET_NAME.matcher(name).matches() || SPARK_SECRET.matcher(name).find());
  }

  /** A value, secrets within it hidden. */
  static String shown(String value) {
    String options = SECRET_OPTION.matcher(value).replaceAll("$1" + HIDDEN.replace("*", "\\*"));
    String addresses = USER_OF_ADDRESS.matcher(options).replaceAll("$1" + HIDDEN + "@");
    return TOKEN.matcher(addresses).replaceAll(HIDDEN);
  }
}
