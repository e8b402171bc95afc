"""Runs packaging/conan/conanfile.py without Conan: conan_recipe.py ROOT WORK

Modules in the place of Conan's note what the recipe asks of them. Its sources are copied to WORK/sources as Conan would
export them. Printed are, a line each, the options that CMake is given, the packages that are required, and the flags of
programs compiled by g++ and by clang 19.
"""
import importlib.util
import shutil
import sys
import types
from pathlib import Path

root, work = Path(sys.argv[1]), Path(sys.argv[2])
required, standard, steps = [], [], []


class Compiler(str):
    version = "19"


class ConanFile:
    recipe_folder = str(root / "packaging" / "conan")
    export_sources_folder = str(work / "sources")
    source_folder, package_folder = str(root), str(work / "package")
    cpp_info = types.SimpleNamespace()

    def __init__(self):
        self.settings = types.SimpleNamespace(os="Linux", compiler=Compiler("gcc"))

    def requires(self, reference, **_):
        required.append(reference)


class CMakeToolchain:
    def __init__(self, _):
        self.cache_variables = {}

    def generate(self):
        print(",".join(f"-D{name}={'ON' if value else 'OFF'}" for name, value in self.cache_variables.items()))


class CMakeDeps:
    def __init__(self, _):
        self.generate = lambda: steps.append("dependencies")


class CMake:
    def __init__(self, _):
        self.configure, self.build, self.install = (lambda name=name: steps.append(name) for name in
                                                    ("configure", "build", "install"))


def copy(_, pattern, source, target):
    """A file, or what a folder holds: FOLDER/*."""
    folder = Path(source) / pattern.removesuffix("*")
    for path in [folder] if folder.is_file() else folder.rglob("*"):
        if not path.is_file():
            continue
        to = Path(target) / path.relative_to(source)
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, to)


def module(name, **members):
    sys.modules[name] = types.ModuleType(name)
    vars(sys.modules[name]).update(members)


module("conan", ConanFile=ConanFile)
module("conan.tools")
module("conan.tools.build", check_min_cppstd=lambda _, version: standard.append(version))
module("conan.tools.cmake", CMake=CMake, CMakeDeps=CMakeDeps, CMakeToolchain=CMakeToolchain,
       cmake_layout=lambda _: steps.append("layout"))
module("conan.tools.files", copy=copy)
module("conan.tools.scm", Version=int)

spec = importlib.util.spec_from_file_location("conanfile", root / "packaging" / "conan" / "conanfile.py")
conanfile = importlib.util.module_from_spec(spec)
spec.loader.exec_module(conanfile)
recipe = conanfile.TenonConan()
for step in ("export_sources", "requirements", "validate", "layout", "generate", "build", "package", "package_info"):
    getattr(recipe, step)()

print(",".join(required))
for compiler, name in (("gcc", "GNU"), ("clang", "Clang")):
    recipe.settings.compiler = Compiler(compiler)
    recipe.package_info()
    print(f"{name}: {' '.join(recipe.cpp_info.cxxflags)}")

assert standard == [20], standard
assert steps == ["layout", "dependencies", "configure", "build", "install"], steps
assert {reference.split("/")[0] for reference in required} >= {"xtensor", "xtensor-blas", "boost", "openblas", "fmt"}, required
assert (work / "package" / "licenses" / "LICENSE").is_file()
assert recipe.cpp_info.libs == ["tenon"]
