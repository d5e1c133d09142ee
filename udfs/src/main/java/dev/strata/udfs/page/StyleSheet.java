package dev.strata.udfs.page;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** How pages look. It is a file among the classes, the only piece of a page that is not escaped. */
enum StyleSheet implements Markup {
  THEME("theme.css");

  private final String css;

  StyleSheet(String file) {
    this.css = read(file);
  }

  private static String read(String file) {
    try (InputStream in = StyleSheet.class.getResourceAsStream(file)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("the jar's " + file + " cannot be read", e);
    }
  }

  @Override
  public void appendTo(StringBuilder html) {
    html.append(css);
  }
}
