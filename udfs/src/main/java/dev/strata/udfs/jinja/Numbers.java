package dev.strata.udfs.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;

/** Python's numbers: integers without bounds, doubles, and booleans that count as 0 and 1. */
final class Numbers {
  /**
   * Bounds what one multiplication costs; Python itself refuses to print integers a quarter as
   * long.
   */
  private static final long MAX_BITS = 1 << 16;

  private static final long EXACT_DOUBLE = 1L << 53;

  private Numbers() {}

  static boolean isInteger(Object value) {
    return value instanceof Long || value instanceof Boolean || value instanceof BigInteger;
  }

  static boolean isNumber(Object value) {
    return isInteger(value) || value instanceof Double;
  }

  /** Reads the digits of an integer. */
  static Number parse(String digits, int radix) {
    if (digits.length() > MAX_BITS) {
      throw new TemplateException("integer exceeds " + MAX_BITS + " bits");
    }
    return narrow(new BigInteger(digits, radix));
  }

  static Number narrow(BigInteger value) {
    if (value.bitLength() > MAX_BITS) {
      throw new TemplateException("integer exceeds " + MAX_BITS + " bits");
    }
    return value.bitLength() < Long.SIZE ? (Number) value.longValue() : value;
  }

  static BigInteger toBigInteger(Object integer) {
    if (integer instanceof BigInteger big) {
      return big;
    }
    return BigInteger.valueOf(integer instanceof Boolean bool ? (bool ? 1 : 0) : (Long) integer);
  }

  static double toDouble(Object number) {
    if (number instanceof Double value) {
      return value;
    }
    double value = toBigInteger(requireNumber(number)).doubleValue();
    if (Double.isInfinite(value)) {
      throw new TemplateException("int too large to convert to float");
    }
    return value;
  }

  /** The value of a count or an index; beyond the range of a long, its end. */
  static long saturated(Object integer) {
    BigInteger value = toBigInteger(integer);
    return value.bitLength() < Long.SIZE
        ? value.longValue()
        : value.signum() < 0 ? Long.MIN_VALUE / 4 : Long.MAX_VALUE / 4;
  }

  static long toLong(Object value) {
    if (value instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (!isInteger(value)) {
      throw new TemplateException(
          "'" + Values.typeName(value) + "' object cannot be interpreted as an integer");
    }
    BigInteger integer = toBigInteger(value);
    if (integer.bitLength() >= Long.SIZE) {
      throw new TemplateException("Python int too large to convert to C ssize_t");
    }
    return integer.longValue();
  }

  private static Object requireNumber(Object value) {
    if (value instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (!isNumber(value)) {
      throw new TemplateException("must be real number, not " + Values.typeName(value));
    }
    return value;
  }

  static Object signed(boolean negative, Object value) {
    Object number = requireNumber(value);
    if (number instanceof Double real) {
      return negative ? -real : real;
    }
    BigInteger integer = toBigInteger(number);
    return narrow(negative ? integer.negate() : integer);
  }

  /** Whatever is done to an integer of many digits takes longer than a step. */
  private static void reportLarge(Object number) {
    if (number instanceof BigInteger big) {
      Budget.report(big.bitLength());
    }
  }

  static int compare(Object left, Object right) {
    reportLarge(left);
    reportLarge(right);
    if (isInteger(left) && isInteger(right)) {
      return toBigInteger(left).compareTo(toBigInteger(right));
    }
    if (isFinite(left) && isFinite(right)) {
      return exact(left).compareTo(exact(right));
    }
    return Double.compare(approximate(left), approximate(right));
  }

  private static boolean isFinite(Object number) {
    return !(number instanceof Double real) || Double.isFinite(real);
  }

  private static double approximate(Object number) {
    return number instanceof Double real ? real : toBigInteger(number).doubleValue();
  }

  static boolean isNan(Object value) {
    return value instanceof Double real && real.isNaN();
  }

  private static BigDecimal exact(Object number) {
    return number instanceof Double real
        ? new BigDecimal(real)
        : new BigDecimal(toBigInteger(number));
  }

  static Object apply(ArithmeticOperator operator, Object left, Object right) {
    reportLarge(left);
    reportLarge(right);
    return isInteger(left) && isInteger(right)
        ? applyToIntegers(operator, toBigInteger(left), toBigInteger(right))
        : applyToDoubles(operator, toDouble(left), toDouble(right));
  }

  private static Object applyToIntegers(
      ArithmeticOperator operator, BigInteger left, BigInteger right) {
    return switch (operator) {
      case ADD -> narrow(left.add(right));
      case SUBTRACT -> narrow(left.subtract(right));
      case MULTIPLY -> narrow(left.multiply(right));
      case DIVIDE -> divide(left, right);
      case FLOOR_DIVIDE -> narrow(floorDivide(left, right)[0]);
      case MODULO -> narrow(floorDivide(left, right)[1]);
      case POWER -> power(left, right);
    };
  }

  private static Object divide(BigInteger left, BigInteger right) {
    requireNonZero(right.signum());
    BigInteger exact = BigInteger.valueOf(EXACT_DOUBLE);
    boolean exactDoubles = left.abs().compareTo(exact) <= 0 && right.abs().compareTo(exact) <= 0;
    if (exactDoubles || left.signum() == 0) {
      return left.doubleValue() / right.doubleValue();
    }
    double quotient =
        new BigDecimal(left).divide(new BigDecimal(right), new MathContext(60)).doubleValue();
    if (Double.isInfinite(quotient)) {
      throw new TemplateException("integer division result too large for a float");
    }
    return quotient;
  }

  private static BigInteger[] floorDivide(BigInteger left, BigInteger right) {
    requireNonZero(right.signum());
    BigInteger[] result = left.divideAndRemainder(right);
    if (result[1].signum() * right.signum() < 0) {
      result[0] = result[0].subtract(BigInteger.ONE);
      result[1] = result[1].add(right);
    }
    return result;
  }

  private static Object power(BigInteger base, BigInteger exponent) {
    if (exponent.signum() < 0) {
      return power(toDouble(base), toDouble(exponent));
    }
    if (base.bitLength() <= 1 && base.abs().bitLength() <= 1) {
      boolean one = base.signum() > 0 || !exponent.testBit(0);
      return exponent.signum() == 0 ? 1L : one ? (long) base.abs().signum() : base.longValue();
    }
    if (exponent.bitLength() > 31 || (base.bitLength() - 1L) * exponent.intValue() > MAX_BITS) {
      throw new TemplateException("integer exceeds " + MAX_BITS + " bits");
    }
    Budget.report(MAX_BITS);
    return narrow(base.pow(exponent.intValue()));
  }

  private static Object applyToDoubles(ArithmeticOperator operator, double left, double right) {
    return switch (operator) {
      case ADD -> left + right;
      case SUBTRACT -> left - right;
      case MULTIPLY -> left * right;
      case DIVIDE -> {
        requireNonZero(right);
        yield left / right;
      }
      case FLOOR_DIVIDE -> floorQuotient(left, right);
      case MODULO -> floorRemainder(left, right);
      case POWER -> power(left, right);
    };
  }

  private static double floorRemainder(double left, double right) {
    requireNonZero(right);
    double remainder = left % right;
    if (remainder == 0) {
      return Math.copySign(0.0, right);
    }
    return (right < 0) == (remainder < 0) ? remainder : remainder + right;
  }

  private static double floorQuotient(double left, double right) {
    requireNonZero(right);
    double quotient = (left - floorRemainder(left, right)) / right;
    if (quotient == 0) {
      return Math.copySign(0.0, left / right);
    }
    double floor = Math.floor(quotient);
    return quotient - floor > 0.5 ? floor + 1 : floor;
  }

  private static double power(double base, double exponent) {
    if (base == 0 && exponent < 0) {
      throw new TemplateException("0.0 cannot be raised to a negative power");
    }
    double result = Math.pow(base, exponent);
    boolean finite = Double.isFinite(base) && Double.isFinite(exponent);
    if (finite && !Double.isFinite(result)) {
      throw new TemplateException("the result of ** is too large, or no real number");
    }
    return result;
  }

  private static void requireNonZero(double divisor) {
    if (divisor == 0) {
      throw new TemplateException("division by zero");
    }
  }
}
