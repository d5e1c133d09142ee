package dev.strata.udfs.jinja;

import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * Attributes and items. {@code a.b} looks for a method or attribute first and for an item then,
 * {@code a['b']} the other way round. Names that start with an underscore, and methods that change
 * a list or a dict, give an undefined value that fails when it is used.
 */
final class Attributes {
  private final Environment environment;
  private final StringMethods stringMethods;
  private final CollectionMethods collectionMethods;

  Attributes(Environment environment) {
    this.environment = environment;
    this.stringMethods = new StringMethods(environment);
    this.collectionMethods = new CollectionMethods(environment);
  }

  Object attribute(Object object, String name) {
    Object found = ownAttribute(object, name);
    boolean isAbsent = found instanceof Undefined undefined && !undefined.isUnsafe();
    if (isAbsent && object instanceof Map<?, ?> map && Values.containsKey(map, name)) {
      return Values.get(map, name);
    }
    return found;
  }

  Object item(Object object, Object key) {
    if (object instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (key instanceof SliceBounds bounds) {
      return slice(object, bounds);
    }
    Object plain = Values.unwrap(object);
    if (plain instanceof Map<?, ?> map) {
      if (Values.isHashable(key) && Values.containsKey(map, key)) {
        return Values.get(map, key);
      }
    } else if (Numbers.isInteger(key)) {
      return element(object, key);
    }
    if (Values.unwrap(key) instanceof String name) {
      return ownAttribute(object, name);
    }
    return noElement(object, key);
  }

  /** A method or an attribute, but no item. */
  Object ownAttribute(Object object, String name) {
    if (object instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (name.startsWith("__")) {
      return Undefined.unsafe(object, name);
    }
    Object plain = Values.unwrap(object);
    if (plain instanceof String) {
      return stringMethods.exists(name)
          ? stringMethods.bind(object, name)
          : Undefined.attribute(object, name);
    }
    if (plain instanceof Map || plain instanceof List) {
      return collectionMethods.attribute(plain, name);
    }
    return objectAttribute(plain, name);
  }

  private static Object objectAttribute(Object object, String name) {
    if (object instanceof Namespace namespace) {
      return namespace.attribute(name);
    }
    if (object instanceof LoopContext loop) {
      return loop.attribute(name);
    }
    if (object instanceof Macro macro) {
      return macro.attribute(name);
    }
    return object instanceof Cycler cycler
        ? cycler.attribute(name)
        : Undefined.attribute(object, name);
  }

  private Undefined noElement(Object object, Object key) {
    return new Undefined(
        Values.describe(object) + " has no element " + environment.representation(key));
  }

  private Object element(Object object, Object key) {
    Object plain = Values.unwrap(object);
    OptionalLong size = Values.size(plain);
    boolean isSequence = plain instanceof String || plain instanceof List || plain instanceof Range;
    if (!isSequence || size.isEmpty()) {
      return noElement(object, key);
    }
    long index = Numbers.saturated(key);
    long fromStart = index < 0 ? index + size.getAsLong() : index;
    if (fromStart < 0 || fromStart >= size.getAsLong()) {
      return noElement(object, key);
    }
    if (plain instanceof List<?> list) {
      return list.get((int) fromStart);
    }
    if (plain instanceof Range range) {
      return range.get(fromStart);
    }
    String character = PythonText.characterAt((String) plain, (int) fromStart);
    return object instanceof Markup ? new Markup(character) : character;
  }

  private Object slice(Object object, SliceBounds bounds) {
    Object plain = Values.unwrap(object);
    if (plain instanceof String text) {
      String part = sliceText(text, bounds);
      return object instanceof Markup ? new Markup(part) : part;
    }
    if (plain instanceof List<?> list) {
      SliceBounds.Indices indices = bounds.indices(list.size());
      environment.budget().reserveItems(indices.count());
      List<Object> part = indices.positions().<Object>mapToObj(list::get).toList();
      return plain instanceof Tuple ? new Tuple(part) : part;
    }
    if (plain instanceof Range range) {
      return range.slice(bounds.indices(range.size()));
    }
    throw new TemplateException("'" + Values.typeName(plain) + "' object cannot be sliced");
  }

  private String sliceText(String text, SliceBounds bounds) {
    environment.budget().reserveChars(text.length());
    SliceBounds.Indices indices = bounds.indices(text.codePointCount(0, text.length()));
    if (indices.step() == 1) {
      return PythonText.substring(text, indices.start(), indices.stop());
    }
    environment.budget().reserveChars(2L * text.length());
    int[] codes = text.codePoints().toArray();
    MeteredText part = new MeteredText(environment.budget());
    indices.positions().forEach(position -> part.appendCodePoint(codes[position]));
    return part.toString();
  }
}
