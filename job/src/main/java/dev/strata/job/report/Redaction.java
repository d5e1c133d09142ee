package dev.strata.job.report;

import dev.strata.udfs.api.ConfKey;
import dev.strata.udfs.api.StrataKeys;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** Settings as they may be kept in a file: without what opens doors. */
final class Redaction {

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
        && SECRET_NAME.matcher(name).matches();
  }

  /** A value, secrets within it hidden. */
  static String shown(String value) {
    String options = SECRET_OPTION.matcher(value).replaceAll("$1" + HIDDEN.replace("*", "\\*"));
    return USER_OF_ADDRESS.matcher(options).replaceAll("$1" + HIDDEN + "@");
  }
}
