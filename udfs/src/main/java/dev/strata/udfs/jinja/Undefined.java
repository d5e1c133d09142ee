package dev.strata.udfs.jinja;

/**
 * The value of a name, attribute or item that does not exist. It prints as nothing, is false and
 * empty; other uses fail with its message.
 *
 * @param isUnsafe whether there is something, which a template may not reach
 */
record Undefined(String message, boolean isUnsafe) {

  Undefined(String message) {
    this(message, false);
  }

  static Undefined attribute(Object object, String name) {
    return new Undefined("'" + Values.describe(object) + "' has no attribute '" + name + "'");
  }

  static Undefined unsafe(Object object, String name) {
    return new Undefined(
        "access to attribute '%s' of '%s' object is unsafe."
            .formatted(name, Values.typeName(object)),
        true);
  }

  TemplateException failure() {
    return new TemplateException(message);
  }
}
