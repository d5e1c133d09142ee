package dev.strata.udfs.text;

import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/** Languages by name or code. */
public final class Languages {

  /** A language of ISO 639, and what may follow it of BCP 47. */
  private static final Pattern CODE = Pattern.compile("[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*");

  /** What models know by other names than that of the language alone. */
  private static final Map<String, String> VARIANTS =
      Map.of(
          "zh-hans", "Simplified Chinese",
          "zh-cn", "Simplified Chinese",
          "zh-hant", "Traditional Chinese",
          "zh-tw", "Traditional Chinese",
          "zh-hk", "Traditional Chinese",
          "pt-br", "Brazilian Portuguese");

  private Languages() {}

  /**
   * A language's English name, of a code such as {@code fr} or {@code fr-FR}; anything else is a
   * name already.
   */
  public static String name(String nameOrCode) {
    String stripped = nameOrCode.strip();
    if (!CODE.matcher(stripped).matches()) {
      return stripped;
    }
    String code = stripped.replace('_', '-').toLowerCase(Locale.ROOT);
    return VARIANTS.getOrDefault(code, displayed(Locale.forLanguageTag(code), stripped));
  }

  private static String displayed(Locale locale, String otherwise) {
    String name = locale.getDisplayLanguage(Locale.ENGLISH);
    return name.isEmpty() || name.equals(locale.getLanguage()) ? otherwise : name;
  }
}
