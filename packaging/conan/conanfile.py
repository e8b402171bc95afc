"""Conan 2: builds the clone that this recipe lies in. conan create packaging/conan"""
from pathlib import Path

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy
from conan.tools.scm import Version


class TenonConan(ConanFile):
    name = "tenon"
    version = "0.1.0"
    license = "MIT"
    description = "Deep learning in C++20: a network is a type"
    settings = "os", "arch", "compiler", "build_type"
    package_type = "static-library"

    def export_sources(self):
        clone = Path(self.recipe_folder).parent.parent
        for name in ("CMakeLists.txt", "CHANGELOG.md", "LICENSE", "cmake/*", "include/*", "src/*", "data/*", "packaging/*"):
            copy(self, name, str(clone), self.export_sources_folder)

    def requirements(self):
        # Users' programs include these.
        for package in ("xtensor/0.24.7", "xtensor-blas/0.20.0", "boost/1.84.0"):
            self.requires(package, transitive_headers=True)
        self.requires("openblas/0.3.26", transitive_libs=True)
        self.requires("fmt/9.1.0")
        self.requires("libpng/[>=1.6.37 <2]")
        self.requires("libjpeg-turbo/[>=2.1 <4]")
        self.requires("zlib/[>=1.2.11 <2]")
        self.requires("nlohmann_json/3.11.3")

    def validate(self):
        check_min_cppstd(self, 20)

    def layout(self):
        cmake_layout(self)

    def generate(self):
        toolchain = CMakeToolchain(self)
        for part in ("TESTS", "EXAMPLES", "BENCH", "TOOL", "MPI"):
            toolchain.cache_variables[f"TENON_BUILD_{part}"] = False
        toolchain.cache_variables["TENON_BUILD_PICTURES"] = True
        toolchain.generate()
        CMakeDeps(self).generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        copy(self, "LICENSE", self.source_folder, str(Path(self.package_folder) / "licenses"))
        CMake(self).install()

    def package_info(self):
        self.cpp_info.libs = ["tenon"]
        self.cpp_info.cxxflags = ["-fno-math-errno", "-fno-trapping-math", "-fopenmp-simd"]
        if self.settings.compiler == "clang" and Version(self.settings.compiler.version) >= 19:  # see cmake/flags.cmake
            self.cpp_info.cxxflags += ["-fno-relaxed-template-template-args",
                                       "-Wno-deprecated-no-relaxed-template-template-args"]
        if self.settings.os == "Linux":
            self.cpp_info.system_libs = ["pthread"]
