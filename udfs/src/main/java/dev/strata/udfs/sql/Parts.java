package dev.strata.udfs.sql;

import java.util.List;
import scala.Product;

/**
 * What Catalyst wants of expressions and operators, which are case classes to it: their parts, in
 * the order of the only constructor. Two are equal if all their parts are.
 */
interface Parts extends Product {

  List<Object> parts();

  @Override
  default int productArity() {
    return parts().size();
  }

  @Override
  default Object productElement(int index) {
    return parts().get(index);
  }

  @Override
  default boolean canEqual(Object other) {
    return getClass().isInstance(other);
  }

  /** What {@code equals} is. */
  static boolean equal(Parts a, Object b) {
    return b instanceof Parts other
        && a.getClass() == other.getClass()
        && a.parts().equals(other.parts());
  }
}
